using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Cli.Plugins;

/// <summary>Asks the same verifier that stands before each node, under a key or a trust policy.</summary>
internal static class VerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        var path = new Argument<FileSystemInfo>("PACKAGE") { Description = "A package (.zip or folder)." }.AcceptExistingOnly();
        var key = new Option<FileInfo>("--key") { Description = "PEM of the public key that must have signed it.", HelpName = "FILE" }.AcceptExistingOnly();
        var policy = new Option<FileInfo>("--policy") { Description = "A trust policy (YAML); its files are looked for from the folder above its own.", HelpName = "FILE" }.AcceptExistingOnly();
        var format = Options.Format("table", "json");
        var command = new Command("verify", "Check a package's files and signature; exit code 1 when it is not Verified.") { path, key, policy, format };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(key) is null) == (result.GetValue(policy) is null))
            {
                result.AddError("verify needs exactly one of --key and --policy.");
            }
        });
        command.SetAction(async (parsed, _) =>
        {
            var package = PluginPackage.Read(parsed.GetRequiredValue(path).FullName);
            var manifest = package.ReadManifest();
            var trust = parsed.GetValue(key) is { } file ? OfKey(file) : OfPolicy(parsed.GetValue(policy)!);
            var verdict = PluginVerifier.Verify(package, manifest.Id, trust, team: null, TimeProvider.System.GetUtcNow());
            if (parsed.GetRequiredValue(format) == "json")
            {
                await Output.WriteJsonAsync(terminal, new JsonObject { ["state"] = verdict.State.ToString(), ["plugin"] = manifest.Id, ["version"] = manifest.Version, ["digest"] = verdict.Digest, ["signer"] = verdict.Signer, ["rule"] = verdict.Rule, ["expected"] = verdict.Expected, ["found"] = verdict.Found });
            }
            else
            {
                await terminal.Out.WriteLineAsync($"{verdict.State}  {manifest.Id} {manifest.Version}  {verdict.Digest}  {verdict.Signer}".TrimEnd());
            }

            if (verdict.State is not TrustState.Verified)
            {
                await CliApp.SayAsync(terminal, verdict.ToDiagnostic(manifest.Id));
            }

            return verdict.State is TrustState.Verified ? ExitCodes.Done : ExitCodes.Rejected;
        });
        return command;
    }

    /// <summary>A policy that trusts this one key for everything, without a log.</summary>
    private static TrustPolicy OfKey(FileInfo key)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(key.FullName)));
        var yaml = $$"""
            apiVersion: secflow/v1
            kind: PluginTrustPolicy
            spec:
              noMatch: deny
              rules:
                - name: given-key
                  authorities: [ { key: { file: {{JsonSerializer.Serialize(key.Name)}}, sha256: "{{digest}}", tlog: 0, timestamps: 0 } } ]
            """;
        return Read(yaml, key.DirectoryName!, key.Name);
    }

    private static TrustPolicy OfPolicy(FileInfo policy) => Read(File.ReadAllText(policy.FullName), policy.Directory!.Parent?.FullName ?? policy.DirectoryName!, policy.Name);

    private static TrustPolicy Read(string yaml, string folder, string name)
    {
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(yaml), folder);
        return reading.Policy ?? throw new SecFlowException([.. reading.Problems.Select(p => new Diagnostic(Codes.OptionInvalid, $"{name}: {p.Message}") { Line = p.Line, Column = p.Column })]);
    }
}
