using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Plugins;
using SecFlow.Execution.Tests.Workflows;
using SecFlow.Execution.Trust;
using SecFlow.Execution.Workflows;
using SecFlow.PluginProtocol;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Fuzzing;

/// <summary>Everything that people and plugins hand to the engine as text or bytes: refused by a diagnostic, never by another exception, never by hanging.</summary>
public sealed class InputFuzzTests
{
    private const int Seed = 20261122;

    private static readonly string[] _yaml =
        ["&a ", "*a", "<<: *a", "!!binary ", "!!python/object ", "- ", "? ", ": ", "|", ">", ">-", "'", "\"", "{", "}", "[", "]", "# ", "---\n", "...\n", "%YAML 1.2\n", "null", "~", "true", "\t", "\r\n", "\u2028", "a: &a [*a, *a, *a, *a]\n", "\"\\ud800\"", "\"\\x00\""];

    private static readonly string[] _recipeWords =
        ["version", "name", "description", "parameters", "nodes", "id", "type", "config", "inputs", "outputs", "timeout", "retry", "max_attempts", "backoff_factor", "base_delay", "when", "on_failure", "skip_dependents", "foreach", "chunk", "state", "checkpoint_interval",
         "resume_on_failure", "cache_intermediate", "targets", "urls", "outputs.urls.count > 0", "&& !(", "|| ", "parameters.depth == ", "scan.web", "discovery.crawl@^1.0", "scan.web@>=1 <2", "5m", "24h", "default", "integer", "url", "res://x:latest"];

    private const string Recipe = """
        version: "1.0"
        name: Linear
        description: discovery -> scan
        parameters: { target: { type: url, required: true }, depth: { type: integer, default: 3 } }
        nodes:
          - id: discovery
            type: discovery.spider@^1.0
            inputs: [targets]
            outputs: [urls]
            timeout: 5m
          - id: scan
            type: scan.web
            config: { threads: 5, mode: fast, headers: { a: b }, paths: ["/a"] }
            inputs: [urls]
            retry: { max_attempts: 3, backoff_factor: 2.0, base_delay: 5 }
            when: "outputs.urls.count > 0 && (parameters.depth < 5 || !(parameters.depth == 7))"
            on_failure: skip_dependents
        retry: { max_attempts: 3, backoff_factor: 2.0, base_delay: 5 }
        state: { checkpoint_interval: 30, resume_on_failure: true, cache_intermediate: false }
        """;

    private const string Manifest = """
        apiVersion: secflow/v1
        id: scan.dummy
        aliases: [scan.dumb]
        version: 1.0.0-rc.1+build.5
        title: Dummy
        description: Does nothing
        publisher: test
        license: Apache-2.0
        homepage: https://example.org/
        intrusiveness: passive
        inputs: { urls: { type: urls, required: true } }
        outputs: { findings: { type: findings, required: true } }
        tools: [ { name: nmap, minVersion: "7.0", versionArgs: ["--version"], versionPattern: "([0-9.]+)", install: { debian: "apt-get install nmap" } } ]
        permissions: { network: { hosts: ["example.org:443"] }, files: target, secrets: [a], resources: ["res://wordlist/common:latest"] }
        fingerprint: [ruleId, location]
        minLevel: L2
        limits: { host: { callbackMilliseconds: 2000, statements: 1000000 }, tool: { memoryMiB: 256 } }
        """;

    private static readonly byte[][] _recipes = [Encoding.UTF8.GetBytes(Recipe), "version: \"1.0\"\nname: Minimal\nnodes:\n  - id: scan\n    type: scan.web\n"u8.ToArray()];

    [Fact]
    public Task Recipe_Mutated_IsARecipeOrProblems() => Fuzz.RunAsync(Seed, new Mutator(Seed, _recipes, [.. _yaml, .. _recipeWords]), async bytes =>
    {
        var read = await RecipeReader.ReadAsync(Encoding.UTF8.GetString(bytes), TestPlugins.Installed, CancellationToken.None);
        (read.Recipe is null).ShouldBe(read.Problems.Count > 0);
        read.Problems.ShouldAllBe(p => p.Code.StartsWith("SF1", StringComparison.Ordinal) && p.Message.Length > 0);
    });

    [Fact]
    public Task Manifest_Mutated_IsAManifestOrProblems() => Fuzz.RunAsync(
        Seed,
        new Mutator(Seed, [Encoding.UTF8.GetBytes(Manifest), PluginWorld.Files()["plugin.yaml"]], [.. _yaml, "scan", "permissions", "network", "targets", "files", "limits", "host", "fingerprint", "tools", "aliases", "1.2.3-x.7.z.92+b", "^1", "passive", "L1", "versionPattern", "(a+)+$", "secflow/v1"]),
        bytes =>
        {
            var read = ManifestReader.Read(bytes);
            (read.Manifest is null).ShouldBe(read.Problems.Count > 0);
            read.Problems.ShouldAllBe(p => p.Message.Length > 0);
        });

    [Fact]
    public Task TrustPolicy_Mutated_IsAPolicyOrProblems()
    {
        var folder = Directory.CreateTempSubdirectory("secflow-fuzz-");
        try
        {
            var policy = PluginWorld.PolicyYaml("pem"u8.ToArray(), "  revoked:\n    - { artifact: \"sha256:00\", reason: \"SEC-77\" }\n    - { identity: \"https://github.com/*\", signedAfter: \"2026-07-15T00:00:00Z\", reason: r }\n  exceptions:\n    - { artifact: \"sha256:00\", approvedBy: [a, b], expires: \"2026-12-31T00:00:00Z\", ticket: T }\n");
            return Fuzz.RunAsync(Seed, new Mutator(Seed, [Encoding.UTF8.GetBytes(policy)], [.. _yaml, "keyless", "authorities", "match", "mode: audit", "**", "*", "../../etc/passwd", "file", "sha256", "validFor", "additional: true", "trustRoots"]), bytes =>
            {
                var read = TrustPolicyReader.Read(bytes, folder.FullName);
                (read.Policy is null).ShouldBe(read.Problems.Count > 0);
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task PackageZip_Mutated_IsAPackageOrRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signed = PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), key);
        var policy = TrustPolicyReader.Read("apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n"u8.ToArray(), ".").Policy!;
        var mutator = new Mutator(Seed, [Zip(signed, CompressionLevel.Optimal), Zip(signed, CompressionLevel.NoCompression)], ["../", "/etc/passwd", "plugin.yaml", "SHA256SUMS", "index.js", "\0", "PLUGIN.YAML", "PK\u0003\u0004", "PK\u0005\u0006"])
        {
            Headers = [([0x50, 0x4B, 1, 2], 42), ([0x50, 0x4B, 3, 4], 26), ([0x50, 0x4B, 5, 6], 18)],
        };
        await Fuzz.RunAsync(Seed, mutator, bytes => Judge(() => PluginPackage.ReadZip(new MemoryStream(bytes)), policy));
    }

    [Fact]
    public async Task PackageFiles_Mutated_AreAPackageOrRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var files = PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), key).Files;
        var policy = TrustPolicyReader.Read("apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n"u8.ToArray(), ".").Policy!;
        var folder = Directory.CreateTempSubdirectory("secflow-fuzz-").FullName;
        var names = files.Keys.ToList();
        var number = 0;
        try
        {
            await Fuzz.RunAsync(Seed, new Mutator(Seed, [.. files.Values], [.. _yaml, "{\"mediaType\":", "messageSignature", "../", new string('0', 64) + "  x\n", "verificationMaterial"]), bytes =>
            {
                var victim = Path.Combine(folder, names[number++ % names.Count]);
                if (number % 500 == 1)
                {
                    PluginWorld.Write(folder, files);
                }

                // A whole package with one file changed, one more, one less, or a link in place of one.
                var odd = Path.Combine(folder, Name(bytes));
                Change(number, victim, odd, bytes);
                Judge(() => PluginPackage.ReadFolder(folder), policy);
                Undo(victim, odd, files[Path.GetRelativePath(folder, victim)]);
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public Task RecordsOfAHost_Mutated_AreStagedOrRejected()
    {
        var samples = new[]
        {
            """{"ruleId":"r","title":"t","severity":"low","location":"http://127.0.0.1:8081/","cwe":[79],"cve":["CVE-2024-12345"],"owasp":"A03:2021","cvss":{"version":"3.1","vector":"CVSS:3.1/AV:N","score":9.8},"confidence":50,"evidence":{"request":"GET /","response":"x","match":"y"},"references":["https://example.org/"],"attack":["T1190"],"target":"shop"}""",
            """{"url":"http://127.0.0.1/","method":"GET","status":200,"source":"x"}""",
            """{"host":"a","ip":"127.0.0.1","port":80,"protocol":"tcp","product":"x","source":"y"}""",
        };
        var targets = new[] { Targets.Scopes.Url("http://127.0.0.1:8081/") };
        return Fuzz.RunAsync(Seed, new Mutator(Seed, [.. samples.Select(Encoding.UTF8.GetBytes)], ["\"ruleId\":", "\"title\":", "null", "[]", "{}", "\"\"", "\\u0000", "\\ud800", "\"severity\":\"high\"", "\"cvss\":", "\"target\":", "-1", "1e400"]), bytes =>
        {
            JsonNode? record;
            try
            {
                record = JsonNode.Parse(bytes, null, new JsonDocumentOptions { MaxDepth = Frames.MaxDepth, AllowDuplicateProperties = false });
                _ = record?.ToJsonString();
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // a frame with it is a breach of the protocol already
                return;
            }

            var (finding, _, problem) = RecordCheck.Finding(record, targets);
            (finding is null).ShouldBe(problem is not null);
            if (finding is not null)
            {
                Fingerprint.Of("scan.x", finding, ["ruleId", "title", "location", "method", "parameter", "cwe", "cve", "owasp"]).Length.ShouldBe(64);
                RecordCheck.Write(finding).ShouldNotBeEmpty();
            }

            foreach (var type in new[] { "urls", "hosts", "services", "files", "json" })
            {
                var (json, wrong) = RecordCheck.Plain(type, record);
                (json is null).ShouldBe(wrong is not null);
            }
        });
    }

    [Fact]
    public async Task CallsOfAHost_Mutated_AreAnswered()
    {
        var samples = new[]
        {
            """{"type":"call","id":1,"method":"http","arguments":{"method":"GET","url":"http://127.0.0.1:8081/a?b#c","headers":{"a":"b","c":["d","e"]},"body":"x","followRedirects":true,"timeoutMs":1000,"maxBytes":100}}""",
            """{"type":"call","id":2,"method":"input.read","arguments":{"name":"urls","from":0,"max":10}}""",
            """{"type":"call","id":4,"method":"tool","arguments":{"name":"nmap","args":["-oX","/out/a","b"],"options":{"stdin":"x","inputs":{"a.txt":{"handle":1},"b":"c"},"files":["a","b/c"],"timeout":3,"lines":true}}}""",
            """{"type":"call","id":5,"method":"tool.lines","arguments":{}}""",
            """{"type":"call","id":3,"method":"handle.read","arguments":{"handle":1,"offset":0,"length":10}}""",
        };
        await using var broker = new Broker(null, new PluginWork { Inputs = new Dictionary<string, InputDataset>(StringComparer.Ordinal) { ["urls"] = new("urls", 3, () => new MemoryStream("{\"url\":\"a\"}\nbroken\n{}\n"u8.ToArray())) } }, new TestOutput());
        await broker.Handles.KeepAsync("0123456789"u8.ToArray(), CancellationToken.None);
        await Fuzz.RunAsync(Seed, new Mutator(Seed, [.. samples.Select(Encoding.UTF8.GetBytes)], ["\"url\":", "\"headers\":", "\"from\":", "null", "[]", "{}", "\"\"", "\\u0000", "http", "handle.read", "input.read", "-1", "1e308", "file:///etc/passwd", "http://[::1%25eth0]/", "http://a@b:c/", "\\r\\n"]), async bytes =>
        {
            var frame = new MemoryStream();
            frame.Write(BitConverter.GetBytes(bytes.Length));
            frame.Write(bytes);
            frame.Position = 0;
            CallMessage call;
            try
            {
                if (await Frames.ReadHostMessageAsync(frame, CancellationToken.None) is not CallMessage read)
                {
                    return;
                }

                call = read;
            }
            catch (ProtocolException)
            {
                return;
            }

            if (call.Method == "tool")
            {
                try
                {
                    var tool = ToolCall.Read(call.Arguments);
                    SecFlow.Execution.Tools.ToolArguments.Check(tool.Name, tool.Arguments, _ => true);
                    tool.Files.ShouldAllBe(file => !file.StartsWith('/') && !file.Split('/', StringSplitOptions.None).Contains(".."));
                }
                catch (SecFlowException)
                {
                    // refused with a code
                }
            }

            if (call.Method == "http")
            {
                try
                {
                    var request = HttpCall.Read(call.Arguments);
                    SecFlow.Execution.Targets.TargetRequestRules.Check(request);
                    (await Targets.Scopes.PinAsync(Targets.Scopes.Url("http://127.0.0.1:8081/"))).Check(request.Url);
                }
                catch (SecFlowException)
                {
                    // refused
                }
            }

            var answer = await broker.AnswerAsync(call, CancellationToken.None);
            (answer is null || answer.Error is null || answer.Error.Code.StartsWith("SF", StringComparison.Ordinal)).ShouldBeTrue();
        });
    }

    private static void Judge(Func<PluginPackage> read, TrustPolicy policy)
    {
        try
        {
            var package = read();
            Checksums.Compare(package);
            PluginVerifier.Verify(package, "scan.dummy", policy, null, DateTimeOffset.UnixEpoch).Allowed.ShouldBeFalse();
            package.ReadManifest();
        }
        catch (SecFlowException)
        {
            // the one right way to refuse
        }
    }

    private static byte[] Zip(PluginPackage package, CompressionLevel level)
    {
        var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, bytes) in package.Files)
            {
                using var entry = archive.CreateEntry(path, level).Open();
                entry.Write(bytes);
            }
        }

        return zip.ToArray();
    }

    /// <summary>A name that a file system takes, whatever it means to a package.</summary>
    private static string Name(byte[] bytes)
    {
        var name = new string([.. Encoding.UTF8.GetString(bytes, 0, Math.Min(bytes.Length, 40)).Where(c => c is not ('/' or '\0') && !char.IsSurrogate(c))]);
        return "odd " + name[..Math.Min(name.Length, 30)];
    }

    private static void Change(int number, string victim, string odd, byte[] bytes)
    {
        switch (number % 5)
        {
            case 0:
                File.WriteAllBytes(odd, bytes);
                break;
            case 1:
                File.Delete(victim);
                break;
            case 2:
                File.Delete(victim);
                File.CreateSymbolicLink(victim, "/etc/passwd");
                break;
            default:
                File.WriteAllBytes(victim, bytes);
                break;
        }
    }

    private static void Undo(string victim, string odd, byte[] original)
    {
        File.Delete(odd);
        File.Delete(victim);
        File.WriteAllBytes(victim, original);
    }
}
