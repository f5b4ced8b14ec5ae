using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Cli.Api;

namespace SecFlow.Cli.Runs;

/// <summary>Reads again what a node of a portal's run kept, with another enabled version of its plugin.</summary>
internal static class ReparseCommand
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<Guid>("ID") { Description = "Id of the run." };
        var node = new Argument<string>("NODE") { Description = "Id of a node that has ended." };
        var version = new Option<string>("--plugin-version") { Description = "Version or package digest of the same plugin (default: the newest that is enabled).", HelpName = "VERSION" };
        var url = PortalClient.UrlOption();
        var format = Options.Format("text", "json");
        var command = new Command("reparse", "Let another version of a node's plugin read again what the node kept. Nothing is sent; decisions about findings stay.") { id, node, version, url, format };
        command.SetAction(async (parsed, ct) =>
        {
            using var request = PortalClient.Request(HttpMethod.Post, parsed.GetRequiredValue(url), $"runs/{parsed.GetRequiredValue(id)}/nodes/{Uri.EscapeDataString(parsed.GetRequiredValue(node))}/reparse");
            request.Content = new StringContent(new JsonObject { ["version"] = parsed.GetValue(version) }.ToJsonString(), Encoding.UTF8, "application/json");
            return await PortalClient.SendAsync(
                request,
                terminal,
                async (text, accepted) =>
                {
                    if (accepted && PortalClient.Read(text) is { } answer)
                    {
                        await WriteAsync(terminal, answer, parsed.GetRequiredValue(format));
                    }
                },
                ct);
        });
        return command;
    }

    private static async Task WriteAsync(Terminal terminal, JsonObject answer, string format)
    {
        if (format == "json")
        {
            await Output.WriteJsonAsync(terminal, answer);
            return;
        }

        await terminal.Out.WriteLineAsync(
            $"{(string?)answer["plugin"]} {(string?)answer["toVersion"]}: {answer["added"]} new, {answer["changed"]} changed, {answer["gone"]} not reported any more, {answer["same"]} as before");
        foreach (var change in (answer["changes"] as JsonArray ?? []).OfType<JsonObject>())
        {
            await terminal.Out.WriteLineAsync($"{(string?)change["change"]}  {(string?)change["severity"]}  {Output.Plain((string?)change["title"] ?? "")}  {Output.Plain((string?)change["location"] ?? "")}");
        }

        foreach (var note in answer["notes"] as JsonArray ?? [])
        {
            await terminal.Error.WriteLineAsync(Output.Plain((string?)note ?? ""));
        }
    }
}
