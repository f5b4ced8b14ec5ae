using System.CommandLine;
using System.Net.Http.Headers;
using SecFlow.Cli.Api;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>
/// Sends a package to a portal for review. It is read and checked here first, so that what can be said without the portal is said without it; the portal verifies it again.
/// Exit code 0 when it waits for its approval (or is through already), 3 when policy or trust refuse it.
/// </summary>
internal static class SubmitCommand
{
    public static Command Create(Terminal terminal)
    {
        var path = new Argument<FileSystemInfo>("PACKAGE") { Description = "A signed package (.zip, or a packed folder)." }.AcceptExistingOnly();
        var note = new Option<string>("--note") { Description = "For the reviewers, at most 500 characters.", HelpName = "TEXT" };
        var url = PortalClient.UrlOption();
        var command = new Command("submit", $"Send a package to a portal for review. The token comes from {ApiCommand.TokenVariable} and needs the scope plugins:submit.") { path, note, url };
        command.SetAction(async (parsed, ct) =>
        {
            var file = parsed.GetRequiredValue(path).FullName;
            if (Directory.Exists(file) && !File.Exists(Path.Combine(file, PluginPackage.ChecksumsFile)))
            {
                throw new SecFlowException(Codes.OptionInvalid, $"'{Path.GetFileName(file)}' is a plugin's source folder, not a package. Make one with `secflow plugin sign {Path.GetFileName(file)} --key FILE`.");
            }

            var package = PluginPackage.Read(file);
            package.ReadManifest();
            using var zip = new MemoryStream();
            PackageWriter.WriteZip(package, zip);
            if (zip.Length > Limits.PackageBytes.Default)
            {
                throw new SecFlowException(Codes.PackageTooLarge, $"Packed, the package has {zip.Length} bytes; at most {Limits.PackageBytes.Default} are taken. Remove what the plugin does not need.");
            }

            using var request = PortalClient.Request(HttpMethod.Post, parsed.GetRequiredValue(url), "/api/v1/plugins" + (parsed.GetValue(note) is { Length: > 0 } text ? "?note=" + Uri.EscapeDataString(text) : ""));
            request.Content = new ByteArrayContent(zip.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/zip") } };
            return await PortalClient.SendAsync(request, terminal, (answer, accepted) => accepted ? SayAsync(answer, request.RequestUri!, terminal) : Task.CompletedTask, ct);
        });
        return command;
    }

    private static async Task SayAsync(string answer, Uri address, Terminal terminal)
    {
        var plugin = PortalClient.Read(answer) ?? throw new SecFlowException(Codes.Unexpected, $"{address.GetLeftPart(UriPartial.Authority)} answered with something that no SecFlow portal says. See whether --url is right.");
        await terminal.Out.WriteLineAsync($"{plugin["state"]}  {plugin["id"]} {plugin["version"]}  {plugin["trustState"]}  {plugin["digest"]}");
        await terminal.Error.WriteLineAsync(Output.Plain($"It waits at {address.GetLeftPart(UriPartial.Authority)}/plugins/{plugin["versionId"]}"));
    }
}
