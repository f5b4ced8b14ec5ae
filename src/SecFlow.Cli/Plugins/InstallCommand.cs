using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Cli.Plugins;

/// <summary>
/// Puts a package into the data folder of an installation.
/// It is shown how its trust stands; a package that the policy trusts is approved and enabled by the person who runs this, any other waits.
/// </summary>
internal static class InstallCommand
{
    private static readonly PluginState[] Way = [PluginState.Submitted, PluginState.Approved, PluginState.Enabled];

    public static Command Create(Terminal terminal)
    {
        var path = new Argument<FileSystemInfo>("PACKAGE") { Description = "A package (.zip, or a packed folder)." }.AcceptExistingOnly();
        var data = Options.Data();
        var reason = new Option<string>("--reason") { Description = "Why it may do what it asks for; kept with the approval.", HelpName = "TEXT" };
        var command = new Command("install", "Copy a package into the data folder; enabled at once when the trust policy trusts it, refused (exit code 3) until then.") { path, reason, data };
        command.SetAction(async (parsed, ct) =>
        {
            var file = parsed.GetRequiredValue(path).FullName;
            if (Directory.Exists(file) && !File.Exists(Path.Combine(file, PluginPackage.ChecksumsFile)))
            {
                throw new SecFlowException(Codes.OptionInvalid, $"'{Path.GetFileName(file)}' is a plugin's source folder, not a package. Make one with `secflow plugin sign {Path.GetFileName(file)} --key FILE`.");
            }

            var package = PluginPackage.Read(file);
            var manifest = package.ReadManifest();
            await using var installation = await Installation.OpenAsync(parsed.GetRequiredValue(data), terminal, ct);
            var policy = await installation.Services.GetRequiredService<TrustPolicyService>().CurrentAsync(ct);
            var verdict = PluginVerifier.Verify(package, manifest.Id, policy, team: null, TimeProvider.System.GetUtcNow());
            await terminal.Out.WriteLineAsync($"{verdict.State}  {manifest.Id} {manifest.Version}  {verdict.Digest}  {verdict.Signer}".TrimEnd());
            return await InstallAsync(installation, file, package, manifest, verdict, parsed.GetValue(reason), terminal, ct);
        });
        return command;
    }

    private static async Task<int> InstallAsync(Installation installation, string file, PluginPackage package, PluginManifest manifest, TrustVerdict verdict, string? reason, Terminal terminal, CancellationToken ct)
    {
        var registry = installation.Services.GetRequiredService<PluginRegistry>();
        var row = await registry.InstallAsync(installation.Actor, file, ct);
        if (!verdict.Allowed)
        {
            await CliApp.SayAsync(terminal, verdict.ToDiagnostic($"{manifest.Id} {manifest.Version}"));
            return ExitCodes.Refused;
        }

        foreach (var state in Way.SkipWhile(s => s <= row.State))
        {
            row = await registry.ChangeStateAsync(installation.Actor, row.Id, state, reason ?? $"installed by {installation.Actor.Name} on the command line", ct);
            if (row.State != state)
            {
                await terminal.Error.WriteLineAsync($"{manifest.Id} {manifest.Version} is {row.StateReason}: another administrator approves it in the portal.");
                return ExitCodes.Refused;
            }
        }

        if (row.Approval == ApprovalKind.Solo)
        {
            await terminal.Error.WriteLineAsync("approved solo: it takes two persons, and there is one administrator; the reason stands for the second");
        }

        await terminal.Error.WriteLineAsync($"{manifest.Id} {manifest.Version} is {row.State}");
        return row.State == PluginState.Enabled ? ExitCodes.Done : ExitCodes.Refused;
    }
}
