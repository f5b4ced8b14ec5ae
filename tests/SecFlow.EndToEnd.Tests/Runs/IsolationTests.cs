using System.Text.RegularExpressions;
using SecFlow.Data.Runs;
using SecFlow.EndToEnd.Tests.Stage;
using Xunit.Abstractions;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>What a plugin must neither see nor keep, tried through the engine of a running portal.</summary>
[Trait("Category", "Confinement")]
public sealed class IsolationTests(ITestOutputHelper output)
{
    private const string Secret = "secflow-canary-5d1f";

    /// <summary>Reads everything that can be reached from the global object and from ctx, getters included, and says it in the log.</summary>
    private const string Walk = """
        var seen = [], said = '';
        function walk(v, path, depth) {
          var names, i, d;
          if (typeof v === 'string') { said += path + '=' + v.substring(0, 300) + '\n'; }
          if (!v || (typeof v !== 'object' && typeof v !== 'function') || depth > 7 || seen.indexOf(v) >= 0 || seen.length > 3000) { return; }
          seen.push(v);
          names = Object.getOwnPropertyNames(v);
          for (i = 0; i < names.length; i++) {
            try { d = v[names[i]]; } catch (e) { d = String(e.message); }
            walk(d, path + '.' + names[i], depth + 1);
          }
          try { walk(Object.getPrototypeOf(v), path + '.__proto__', depth + 1); } catch (e2) { }
        }
        """;

    [Fact]
    public async Task Plugin_LooksForTheEngine_FindsNothingOfItsEnvironmentFilesDatabaseOrOtherRuns()
    {
        Environment.SetEnvironmentVariable("SECFLOW_TEST_CANARY", Secret);
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var other = await portal.AddTargetAsync(new Uri(portal.Shop.Url, "of-another-run"));
        await portal.RunAsync(await portal.SaveWorkflowAsync("Other", "scan.web-baseline"), other.Id);
        await portal.Plugins.InstallAsync("scan.test-look", Walk + $$"""
            module.exports = { execute: function (ctx) {
              var i, names, refused = 0, tried = 0, clr = ['System', 'importNamespace', 'process', 'require', 'global', 'Deno', 'java', 'load', 'read', 'File', 'Environment'];
              walk((function () { return this; })(), 'this', 0);
              walk(ctx, 'ctx', 0);
              for (i = 0; i < clr.length; i++) { if (clr[i] !== 'require' && typeof (function () { return this; })()[clr[i]] !== 'undefined') { said += 'GLOBAL ' + clr[i] + '\n'; } }
              names = ['file:///proc/self/environ', 'file:///etc/passwd', 'file://{{portal.DataFolder}}/secflow.db', '{{portal.DataFolder}}/secflow.db', '{{portal.Url}}', '{{portal.Url}}api/v1/runs', '{{portal.Shop.Url}}search?q=1'];
              for (i = 0; i < names.length; i++) { tried++; try { said += names[i] + ' -> ' + ctx.http({ url: names[i] }).body.text(2000) + '\n'; } catch (e) { refused++; } }
              try { require('fs'); said += 'GLOBAL require\n'; } catch (e2) { }
              try { ctx.secret('other'); said += 'SECRET\n'; } catch (e3) { }
              try { ctx.inputs.findings.each(function (r) { said += 'RECORD ' + JSON.stringify(r) + '\n'; }); } catch (e4) { }
              for (i = -3; i < 40; i++) { try { var h = ctx.parse.jsonLines({ handle: i, size: 10 }, function (r) { said += 'HANDLE\n'; }); } catch (e5) { } }
              ctx.log.info('refused ' + refused + ' of ' + tried);
              while (said.length) { ctx.log.info(said.substring(0, 4000)); said = said.substring(4000); }
              ctx.verdict('completed', 'looked', { target: ctx.targets[0].id, checks: ['none'] });
            } };
            """);

        var run = await portal.StartRunAsync(await portal.SaveWorkflowAsync("Look", "scan.test-look"), target.Id);
        var detail = await portal.WaitAsync(run.Id);
        var said = string.Join('\n', (await portal.Runs.EventsAsync(portal.Actor, run.Id, 0, 1000, CancellationToken.None)).Where(e => e.Type == "log").Select(e => e.Data));

        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Nodes[0].ErrorMessage);
        said.ShouldContain("ctx.targets.0.url");
        foreach (var secret in new[] { Secret, portal.DataFolder, AppContext.BaseDirectory.TrimEnd('/'), Environment.MachineName + ".", "root:x:0", "HANDLE", "GLOBAL", "SECRET", "RECORD", "of-another-run" })
        {
            said.ShouldNotContain(secret);
        }

        said.ShouldContain("refused 6 of 7", customMessage: "only the other path of the approved server answers");
        Regex.IsMatch(said, "/(root|home|proc|usr|tmp)/", RegexOptions.None, TimeSpan.FromSeconds(5)).ShouldBeFalse("no path of this machine");
    }

    [Fact]
    public async Task Plugin_LooksForItsOwnPackage_FindsNoFileOfIt()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        // where it will be, and what its files say; the script knows the first and must not learn the second
        var package = Path.Combine(portal.DataFolder, "plugins", "scan.test-own", "1.0.0");
        await portal.Plugins.InstallAsync("scan.test-own", $$"""
            var said = '', tried = 0, failed = 0;
            function attempt(what, read) { tried++; try { said += what + ': ' + read() + '\n'; } catch (e) { failed++; said += what + ' failed\n'; } }
            function all(parse, from) { var out = ''; parse(from, function (record) { out += JSON.stringify(record); }); return out; }
            module.exports = { execute: function (ctx) {
              var folder = '{{package}}', files = ['plugin.yaml', 'README.md', 'index.js', 'SHA256SUMS'], entity, i;
              function run(script) { var r = ctx.tool('bash', ['-c', script], { timeout: 20 }); return r.stdout.text(20000); }
              for (i = 0; i < files.length; i++) {
                (function (path) {
                  attempt('http', function () { return ctx.http({ url: 'file://' + path }).body.text(2000); });
                  attempt('http on', function () { return ctx.http({ url: ctx.targets[0].url + '../../../../../..' + path, headers: { 'X-Sendfile': path } }).body.text(20000); });
                  attempt('require', function () { return require(path); });
                  attempt('require beside', function () { return require('./' + files[i]); });
                  attempt('parse', function () { return all(ctx.parse.jsonLines, path); });
                  attempt('parse path', function () { return all(ctx.parse.json, { path: path, size: 10, id: path }); });
                  attempt('parse file', function () { return all(ctx.parse.csv, { handle: 'file://' + path, size: 10 }); });
                  attempt('resource', function () { return ctx.resource('file://' + path).text(2000); });
                  attempt('resource up', function () { return ctx.resource('res://wordlist/../../..' + path).text(2000); });
                  attempt('secret', function () { return ctx.secret(path); });
                  attempt('tool', function () { return run('while read -r line; do echo "$line"; done <' + path); });
                  attempt('tool input', function () { return ctx.tool('bash', ['-c', 'cat /in/x'], { inputs: { x: { path: path } } }).stdout.text(2000); });
                  attempt('tool file', function () { return ctx.tool('bash', ['-c', 'ln -s ' + path + ' /out/x; ln ' + path + ' /out/y'], { files: ['x', 'y'] }).files.x.text(2000); });
                  attempt('tool file up', function () { return ctx.tool('bash', ['-c', 'true'], { files: ['../../../..' + path] }).files['../../../..' + path].text(2000); });
                  attempt('entity', function () {
                    entity = ctx.tool('bash', ['-c', 'echo \'<!DOCTYPE a [<!ENTITY e SYSTEM "file://' + path + '">]><a><b>&e;</b></a>\''], {});
                    return all(function (from, each) { ctx.parse.xml(from, 'b', each); }, entity.stdout);
                  });
                })(folder + '/' + files[i]);
              }
              attempt('search', function () { return run('shopt -s dotglob; for f in /*/plugin.yaml /*/*/plugin.yaml /*/*/*/plugin.yaml /app/* /proc/*/root/{{package}}/* /proc/*/cwd/*.yaml; do [ -e "$f" ] && echo "GOT $f"; done; true'); });
              ctx.log.info(failed + ' of ' + tried + ' failed');
              while (said.length) { ctx.log.info(said.substring(0, 4000)); said = said.substring(4000); }
              ctx.verdict('completed', 'looked', { target: ctx.targets[0].id, checks: ['none'] });
            } };
            """, "tools:\n  - { name: bash }");
        File.Exists(Path.Combine(package, "README.md")).ShouldBeTrue("otherwise there would be nothing to find");

        var run = await portal.StartRunAsync(await portal.SaveWorkflowAsync("Own", "scan.test-own"), target.Id);
        var detail = await portal.WaitAsync(run.Id, 120);
        var said = string.Join('\n', (await portal.Runs.EventsAsync(portal.Actor, run.Id, 0, 1000, CancellationToken.None)).Where(e => e.Type == "log").Select(e => e.Data));
        output.WriteLine(said);

        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Nodes[0].ErrorMessage);
        foreach (var content in new[] { "A plugin of the tests", "Does what a test needs", "function attempt(", "  index.js", "GOT " })
        {
            said.ShouldNotContain(content, Case.Sensitive);
        }
    }

    [Fact]
    public async Task Plugin_LeavesMarks_TheNextNodeAndTheNextRunStartAnew()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        await portal.Plugins.InstallAsync("scan.test-marks", """
            var g = (function () { return this; })();
            var found = [g.mark, Object.prototype.mark, Array.prototype.mark, Math.mark, JSON.mark, String.prototype.mark, Error.mark, Date.mark].join('');
            module.exports = { execute: function (ctx) {
              if (found !== '' || ctx.mark || ctx.log.mark || JSON.parse('1') !== 1 || [2, 1].sort()[0] !== 1) { throw new Error('STATE ' + found); }
              g.mark = Object.prototype.mark = Array.prototype.mark = Math.mark = JSON.mark = String.prototype.mark = Error.mark = Date.mark = 'left';
              JSON.parse = function () { return 7; }; Array.prototype.sort = function () { return [9]; };
              try { ctx.mark = 'left'; ctx.log.mark = 'left'; } catch (e) { }
              ctx.verdict('completed', 'clean', { target: ctx.targets[0].id, checks: ['none'] });
            } };
            """);
        var twice = await portal.SaveWorkflowAsync("""
            version: "1.0"
            name: Twice
            nodes:
              - { id: a, type: scan.test-marks, inputs: [targets], outputs: { findings: one } }
              - { id: b, type: scan.test-marks, inputs: [targets], outputs: { findings: two } }
            state: { cache_intermediate: false }
            """);

        for (var i = 0; i < 3; i++)
        {
            var detail = await portal.RunAsync(twice, target.Id);
            detail.Run.Status.ShouldBe(RunStatus.Succeeded, string.Join(' ', detail.Nodes.Select(n => n.ErrorMessage)));
        }
    }
}
