using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Tests.Trust;

/// <summary>The script that signs packages offline: another implementation's authority, certificate log, timestamps and client against this verifier.</summary>
public sealed class MockSigstoreScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-script-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [ScriptFact]
    public async Task Script_SignsAFolderForAnybody_AndTheVerifierSeesWho()
    {
        const string Identity = "https://git.lab.test/team/scan%2Fhello//.ci/release.yml@refs/tags/v9";
        var package = Path.Combine(_folder, "package");
        PluginWorld.Write(package, PluginWorld.Files());
        var run = await RunAsync(package, "--identity", Identity, "--issuer", "https://git.lab.test", "--claim", "runnerEnvironment=lab", "--root", Path.Combine(_folder, "root.json"));
        run.Code.ShouldBe(0, run.Said);

        var verdict = Verify(PluginPackage.Read(package), Identity);
        verdict.State.ShouldBe(TrustState.Verified, $"{verdict.Expected}; {verdict.Found}");
        verdict.Claims["runnerEnvironment"].ShouldBe("lab");
        Verify(PluginPackage.Read(package), Identity.Replace("%2F", "/", StringComparison.Ordinal)).State.ShouldBe(TrustState.Untrusted);
    }

    [ScriptFact]
    public async Task Script_WithoutARootOrWithAnUnknownClaim_SaysSo()
    {
        PluginWorld.Write(_folder, PluginWorld.Files());
        (await RunAsync(_folder, "--github", "acme/plugins")).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Said.ShouldContain("--root"));
        (await RunAsync(_folder, "--github", "acme/plugins", "--claim", "colour=blue", "--root", Path.Combine(_folder, "root.json"))).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Said.ShouldContain("colour"));
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(ScriptFactAttribute.Folder, "sign.mjs"), .. arguments]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = await Task.WhenAll(process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(said));
    }

    private TrustVerdict Verify(PluginPackage package, string identity)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(_folder, "root.json"))));
        var yaml = $$"""
            apiVersion: secflow/v1
            kind: PluginTrustPolicy
            spec:
              noMatch: deny
              trustRoots: { lab: { file: root.json, sha256: "{{digest}}", demoOnly: true } }
              rules:
                - name: lab
                  match: { teams: [demo] }
                  authorities: [ { keyless: { root: lab, issuer: "https://git.lab.test", identity: { exact: "{{identity}}" } } } ]
            """;
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(yaml), _folder);
        reading.Problems.ShouldBeEmpty();
        return PluginVerifier.Verify(package, "scan.dummy", reading.Policy!, "demo", TimeProvider.System.GetUtcNow());
    }
}

/// <summary>Skipped, with the reason, where the script's packages are not installed; <c>./test</c> installs them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ScriptFactAttribute : FactAttribute
{
    public ScriptFactAttribute() => Skip = Directory.Exists(Path.Combine(Folder, "node_modules", "@sigstore", "mock")) ? null : "npm ci --prefix tools/mock-sigstore was not run";

    /// <summary>Folder of the script; one that is not there where these tests run without the repository around them.</summary>
    public static string Folder { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "SecFlow.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? AppContext.BaseDirectory, "tools", "mock-sigstore");
    }
}
