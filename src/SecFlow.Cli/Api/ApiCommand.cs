using System.CommandLine;
using System.Text;
using System.Text.Json;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Api;

/// <summary>One request to a portal's API. The answer's JSON goes to stdout, what a refusal says to stderr.</summary>
internal static class ApiCommand
{
    public const string TokenVariable = "SECFLOW_TOKEN";
    public const string UrlVariable = "SECFLOW_URL";

    public static Command Create(Terminal terminal)
    {
        var method = new Argument<string>("METHOD") { Description = "GET, POST, PUT, PATCH or DELETE." };
        var path = new Argument<string>("PATH") { Description = "Such as /api/v1/holds; without the leading slash below /api/v1/." };
        var url = PortalClient.UrlOption();
        var body = new Option<string>("--body") { Description = "The JSON body; @FILE reads it from a file, @- from standard input.", HelpName = "JSON" };
        var command = new Command("api", $"Send one request to a portal's API. The token comes from {TokenVariable}.") { method, path, url, body };
        command.SetAction(async (parsed, ct) =>
        {
            using var request = PortalClient.Request(MethodOf(parsed.GetRequiredValue(method)), parsed.GetRequiredValue(url), parsed.GetRequiredValue(path));
            if (await BodyAsync(parsed.GetValue(body), ct) is { } json)
            {
                request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            }

            return await PortalClient.SendAsync(request, terminal, (text, _) => text.Length == 0 ? Task.CompletedTask : terminal.Out.WriteLineAsync(terminal.IsPerson ? Output.Readable(text) : text), ct);
        });
        return command;
    }

    private static HttpMethod MethodOf(string method) => method.ToUpperInvariant() switch
    {
        "GET" => HttpMethod.Get,
        "POST" => HttpMethod.Post,
        "PUT" => HttpMethod.Put,
        "PATCH" => HttpMethod.Patch,
        "DELETE" => HttpMethod.Delete,
        _ => throw new SecFlowException(Codes.OptionInvalid, $"METHOD '{method}': expected GET, POST, PUT, PATCH or DELETE."),
    };

    private static async Task<string?> BodyAsync(string? given, CancellationToken ct)
    {
        var text = given switch
        {
            null => null,
            "@-" => await Console.In.ReadToEndAsync(ct),
            ['@', .. var file] => await File.ReadAllTextAsync(file, ct),
            _ => given,
        };
        try
        {
            using var document = text is null ? null : JsonDocument.Parse(text);
            return text;
        }
        catch (JsonException e)
        {
            throw new SecFlowException(Codes.OptionInvalid, $"--body is not JSON: {e.Message}", e);
        }
    }
}
