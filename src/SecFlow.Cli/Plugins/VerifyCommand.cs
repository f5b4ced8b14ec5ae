using System.CommandLine;
using System.CommandLine.Parsing;
using SecFlow.Cli.Plugins.Signing;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Cli.Plugins;

/// <summary>Asks the same verifier that stands before each node, under a key, an identity or a trust policy, and says what the answer rests on.</summary>
internal static class VerifyCommand
{
    private const int StepWidth = 11;

    public static Command Create(Terminal terminal)
    {
        var path = new Argument<FileSystemInfo>("PACKAGE") { Description = "A package (.zip or folder)." }.AcceptExistingOnly();
        var key = new Option<FileInfo>("--key") { Description = "PEM of the public key that must have signed it.", HelpName = "FILE" }.AcceptExistingOnly();
        var policy = new Option<FileInfo>("--policy") { Description = "A trust policy (YAML); its files are looked for from the folder above its own.", HelpName = "FILE" }.AcceptExistingOnly();
        var identity = new Option<string>("--certificate-identity") { Description = "Who must have signed it keylessly, such as https://github.com/OWNER/REPOSITORY/.github/workflows/release.yml@refs/tags/v1.0.0: exactly.", HelpName = "URI" };
        var issuer = new Option<string>("--certificate-oidc-issuer") { Description = "Who vouched for that identity, such as https://token.actions.githubusercontent.com: exactly.", HelpName = "URL" };
        var root = new Option<FileInfo>("--trusted-root") { Description = "The trusted root (JSON) of the Sigstore that certified it.", HelpName = "FILE" }.AcceptExistingOnly();
        var format = Options.Format("table", "json");
        var command = new Command("verify", "Check a package's files and signature; exit code 1 when it is not Verified.") { path, key, policy, identity, issuer, root, format };
        command.Validators.Add(result => Check(result, [key, policy], identity, [issuer, root]));
        command.SetAction(async (parsed, _) =>
        {
            var package = PluginPackage.Read(parsed.GetRequiredValue(path).FullName);
            var manifest = package.ReadManifest();
            var trust = parsed.GetValue(key) is { } file ? GivenTrust.OfKey(file)
                : parsed.GetValue(policy) is { } yaml ? GivenTrust.OfPolicy(yaml)
                : GivenTrust.OfIdentity(parsed.GetRequiredValue(identity), parsed.GetRequiredValue(issuer), parsed.GetRequiredValue(root));
            var verdict = PluginVerifier.Verify(package, manifest.Id, trust, team: null, TimeProvider.System.GetUtcNow());
            if (parsed.GetRequiredValue(format) == "json")
            {
                await Output.WriteJsonAsync(terminal, TrustProof.Json(verdict, manifest.Id, manifest.Version));
            }
            else
            {
                await terminal.Out.WriteLineAsync($"{verdict.State}  {manifest.Id} {manifest.Version}  {verdict.Digest}  {verdict.Signer}".TrimEnd());
                foreach (var (step, fact) in TrustProof.Steps(verdict))
                {
                    await terminal.Out.WriteLineAsync($"  {step.PadRight(StepWidth)} {Output.Plain(fact)}");
                }
            }

            if (verdict.State is not TrustState.Verified)
            {
                await CliApp.SayAsync(terminal, verdict.ToDiagnostic(manifest.Id));
            }

            return verdict.State is TrustState.Verified ? ExitCodes.Done : ExitCodes.Rejected;
        });
        return command;
    }

    private static void Check(CommandResult result, Option<FileInfo>[] others, Option<string> identity, Option[] ofIdentity)
    {
        var isIdentity = result.GetResult(identity) is not null;
        if (others.Count(o => result.GetResult(o) is not null) + (isIdentity ? 1 : 0) != 1)
        {
            result.AddError("verify needs exactly one of --key, --policy and --certificate-identity.");
        }
        else if (ofIdentity.Any(o => result.GetResult(o) is null == isIdentity))
        {
            result.AddError("--certificate-identity, --certificate-oidc-issuer and --trusted-root belong together.");
        }
    }
}
