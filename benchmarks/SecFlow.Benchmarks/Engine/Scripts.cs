namespace SecFlow.Benchmarks.Engine;

/// <summary>What the plugins of the benchmarks do.</summary>
internal static class Scripts
{
    /// <summary>The light work of a step: fibonacci(10), 177 calls. <paramref name="seed"/> makes packages differ.</summary>
    public static string Light(int seed) => $$"""
        // {{seed}}
        function fibonacci(n) { return n <= 1 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
        module.exports = {
          execute: function (ctx) {
            ctx.verdict('completed', 'fibonacci(10) = ' + fibonacci(10), {});
          }
        };
        """;

    /// <summary>Requests one after another to a server that takes a known time for each.</summary>
    public const string Requests = """
        module.exports = {
          execute: function (ctx) {
            for (var i = 0; i < ctx.config.count; i++) {
              var answer = ctx.http({ url: ctx.config.url + i });
              if (answer.status !== 200) { throw new Error('status ' + answer.status); }
            }
            ctx.verdict('completed', 'asked', {});
          }
        };
        """;

    /// <summary>Findings of one of several writers, each of its own.</summary>
    public const string Findings = """
        module.exports = {
          execute: function (ctx) {
            for (var i = 0; i < ctx.config.count; i++) {
              ctx.finding({
                ruleId: 'bench-' + (i % 50), title: 'Weakness ' + i + ' of writer ' + ctx.config.writer, severity: ['low', 'medium', 'high'][i % 3], confidence: 80,
                location: 'http://127.0.0.1/' + ctx.config.writer + '/item-' + i, description: 'What a scanner says of it, in a sentence or two of the usual length.', cwe: [79]
              });
            }
            ctx.verdict('completed', 'reported', {});
          }
        };
        """;

    /// <summary>Hands its input on, record by record.</summary>
    public const string PassOn = """
        module.exports = {
          execute: function (ctx) {
            ctx.inputs.urls.each(function (record) { ctx.emit('urls', record); });
            ctx.verdict('completed', 'read', {});
          }
        };
        """;

    /// <summary>Records as a discovery has them.</summary>
    public const string Emit = """
        module.exports = {
          execute: function (ctx) {
            for (var i = 0; i < ctx.config.count; i++) {
              ctx.emit('urls', { url: 'http://127.0.0.1/catalogue/item-' + i + '?page=' + (i % 17), method: 'GET', status: 200, source: 'bench' });
            }
            ctx.verdict('completed', 'emitted', {});
          }
        };
        """;
}
