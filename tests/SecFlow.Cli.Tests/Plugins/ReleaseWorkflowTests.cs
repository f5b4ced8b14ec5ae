using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using SecFlow.Execution.Plugins;
using SecFlow.SigstoreKit;

namespace SecFlow.Cli.Tests.Plugins;

/// <summary>The workflow that `plugin new --github` writes does, step by step, what the command line does.</summary>
public sealed partial class ReleaseWorkflowTests : IDisposable
{
    private readonly CliFolder _folder = new();

    private string Plugin => _folder.At("scan.hello");

    private string Workflow => File.ReadAllText(Path.Combine(Plugin, ".github", "workflows", "release.yml"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task New_WithGitHub_WritesAWorkflowWithLeastRightsAndPinnedActions()
    {
        var run = await NewAsync("--github");
        run.Out.ShouldContain("scan.hello/.github/workflows/release.yml");
        run.Error.ShouldContain("https://github.com/OWNER/REPOSITORY/.github/workflows/release.yml@refs/tags/v0.1.0");
        Workflow.ShouldContain("\npermissions: {}\n");
        Workflow.ShouldContain("scan.hello-${GITHUB_REF_NAME#v}.zip");
        var uses = Uses().Matches(Workflow);
        uses.Count.ShouldBeGreaterThan(3);
        uses.ShouldAllBe(use => Pin().IsMatch(use.Value));

        // nothing of it belongs into the package, and the plugin is a plugin as without it
        (await CliRun.OfAsync("plugin", "pack", Plugin, "-o", _folder.At("a.zip"))).Code.ShouldBe(0);
        PluginPackage.Read(_folder.At("a.zip")).Files.Keys.ShouldAllBe(f => !f.Contains("github", StringComparison.Ordinal));
    }

    [Fact]
    public async Task New_WithoutGitHub_HasNone()
    {
        await NewAsync();
        Directory.Exists(Path.Combine(Plugin, ".github")).ShouldBeFalse();
    }

    [Fact]
    public async Task Steps_PackSignZip_MakeThePackageThatTheCommandLineMakes()
    {
        await NewAsync("--github");
        (await CliRun.OfAsync("plugin", "pack", Plugin, "-o", _folder.At("own.zip"))).Code.ShouldBe(0);
        var own = PluginPackage.Read(_folder.At("own.zip"));

        await StepAsync("pack");
        var sums = await File.ReadAllBytesAsync(Path.Combine(Plugin, "package", "SHA256SUMS"));
        sums.ShouldBe(own.Required("SHA256SUMS"));

        using var sigstore = new MockSigstore();
        var bundle = sigstore.SignAsGitHub(sums, "acme/scan-hello", reference: "refs/tags/v0.1.0");
        var cosign = _folder.Write("cosign", $"#!/bin/sh\n[ \"$*\" = 'sign-blob --yes --new-bundle-format --bundle package/plugin.sigstore.json package/SHA256SUMS' ] && cat >package/plugin.sigstore.json <<'END'\n{Encoding.UTF8.GetString(bundle)}END\n");
        File.SetUnixFileMode(cosign, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await StepAsync("sign");
        await StepAsync("zip");

        var root = _folder.Write("root.json", Encoding.UTF8.GetString(sigstore.TrustedRoot()));
        var verified = await CliRun.OfAsync("plugin", "verify", Path.Combine(Plugin, "scan.hello-0.1.0.zip"), "--certificate-identity", Claims.GitHubIdentity("acme/scan-hello", reference: "refs/tags/v0.1.0"), "--certificate-oidc-issuer", Claims.GitHubIssuer, "--trusted-root", root);
        verified.Code.ShouldBe(0, verified.Error);
    }

    [Fact]
    public async Task Steps_ForATagOfAnotherVersion_EndAtOnce()
    {
        await NewAsync("--github");
        (await RunAsync("pack", "v0.2.0")).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Said.ShouldContain("the tag is v0.2.0, plugin.yaml says 0.1.0"));
    }

    private async Task<CliRun> NewAsync(params string[] more)
    {
        var run = await CliRun.OfAsync(["plugin", "new", "scan.hello", "--js", "--dir", Plugin, .. more]);
        run.Code.ShouldBe(0, run.Error);
        return run;
    }

    private async Task StepAsync(string name)
    {
        var (code, said) = await RunAsync(name, "v0.1.0");
        code.ShouldBe(0, said);
    }

    /// <summary>Runs a step as GitHub does: its text as a script of bash that ends at the first failure.</summary>
    private async Task<(int Code, string Said)> RunAsync(string step, string tag)
    {
        var lines = Workflow.Split('\n').SkipWhile(l => l.Trim() != "- name: " + step).Skip(1).TakeWhile(l => !l.TrimStart().StartsWith("- ", StringComparison.Ordinal)).ToList();
        lines[0].Trim().ShouldStartWith("run:");
        var script = _folder.Write("step.sh", string.Join('\n', lines.Select(l => l.Trim() == "run: |" ? "" : l.Trim().StartsWith("run: ", StringComparison.Ordinal) ? l.Trim()[5..] : l)));
        var start = new ProcessStartInfo("bash", ["--noprofile", "--norc", "-eo", "pipefail", script]) { WorkingDirectory = Plugin, UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["GITHUB_REF_NAME"] = tag;
        start.Environment["PATH"] = _folder.Path + ":" + Environment.GetEnvironmentVariable("PATH");
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(said));
    }

    [GeneratedRegex(@"uses:.*", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Uses();

    [GeneratedRegex(@"\Auses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Pin();
}
