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
