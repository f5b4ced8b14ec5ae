using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Api;

/// <summary>
/// One request to a portal's API with the token of <c>SECFLOW_TOKEN</c>.
/// The answer's JSON goes to stdout, what a refusal says to stderr; the exit code is that of the refusal's code. No redirect is followed, and the path never names another host: the token goes nowhere else.
/// </summary>
internal static class ApiCommand
{
    public const string TokenVariable = "SECFLOW_TOKEN";
    public const string UrlVariable = "SECFLOW_URL";

    private const string DefaultUrl = "http://localhost:8080";
    private const int MostBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    public static Command Create(Terminal terminal)
    {
        var method = new Argument<string>("METHOD") { Description = "GET, POST, PUT, PATCH or DELETE." };
        var path = new Argument<string>("PATH") { Description = "Such as /api/v1/holds; without the leading slash below /api/v1/." };
        var url = new Option<string>("--url") { Description = $"The portal (default: {UrlVariable}, else {DefaultUrl}).", HelpName = "URL", DefaultValueFactory = _ => Environment.GetEnvironmentVariable(UrlVariable) is { Length: > 0 } set ? set : DefaultUrl };
        var body = new Option<string>("--body") { Description = "The JSON body; @FILE reads it from a file, @- from standard input.", HelpName = "JSON" };
        var command = new Command("api", $"Send one request to a portal's API. The token comes from {TokenVariable}.") { method, path, url, body };
        command.SetAction(async (parsed, ct) =>
        {
            using var request = new HttpRequestMessage(MethodOf(parsed.GetRequiredValue(method)), Address(parsed.GetRequiredValue(url), parsed.GetRequiredValue(path)));
            var token = Environment.GetEnvironmentVariable(TokenVariable);
            if (string.IsNullOrWhiteSpace(token) || token.Any(c => c is < '!' or > '~'))
            {
                throw new SecFlowException(Codes.OptionInvalid, $"{TokenVariable} holds no API token. Create one in the portal under Account, and set the variable.");
            }

            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (await BodyAsync(parsed.GetValue(body), ct) is { } json)
            {
                request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            }

            return await SendAsync(request, terminal, ct);
        });
        return command;
    }

    private static async Task<int> SendAsync(HttpRequestMessage request, Terminal terminal, CancellationToken ct)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Patience, MaxResponseContentBufferSize = MostBytes };
        try
        {
            using var response = await client.SendAsync(request, ct);
            var text = await response.Content.ReadAsStringAsync(ct);
            if (text.Length > 0)
            {
                await terminal.Out.WriteLineAsync(terminal.IsPerson ? Output.Readable(text) : text);
            }

            return response.IsSuccessStatusCode ? ExitCodes.Done : await SayAsync((int)response.StatusCode, text, terminal);
        }
        catch (HttpRequestException e)
        {
            await terminal.Error.WriteLineAsync($"secflow: {request.RequestUri!.GetLeftPart(UriPartial.Authority)} did not answer: {e.Message}. Is the portal running there? Give its address with --url.");
            return ExitCodes.Failed;
        }
        catch (TaskCanceledException) when (!ct.IsCancellationRequested)
        {
            await terminal.Error.WriteLineAsync($"secflow: {request.RequestUri!.GetLeftPart(UriPartial.Authority)} did not answer within {Patience.TotalSeconds:0} s.");
            return ExitCodes.Failed;
        }
    }

    /// <summary>Problem details of RFC 9457 as words, and the exit code of their code.</summary>
    private static async Task<int> SayAsync(int status, string text, Terminal terminal)
    {
        var problem = Problem(text);
        if (problem?["code"] is not JsonValue value || !value.TryGetValue<string>(out var code) || code.Length != 6 || !code.StartsWith("SF", StringComparison.Ordinal) || !char.IsAsciiDigit(code[2]))
        {
            await terminal.Error.WriteLineAsync($"secflow: the answer was {status}, and not one of a SecFlow portal. See whether --url is right.");
            return ExitCodes.Failed;
        }

        var refusal = new Diagnostic(code, Output.Plain((string?)problem["detail"] ?? "")) { Remedy = (string?)problem["remedy"] };
        await CliApp.SayAsync(terminal, refusal);
        return ExitCodes.Of(new SecFlowException(refusal));
    }

    private static JsonObject? Problem(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
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

    private static Uri Address(string url, string path)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var portal) || portal.Scheme is not ("http" or "https") || portal.UserInfo.Length > 0)
        {
            throw new SecFlowException(Codes.OptionInvalid, $"--url '{url}': expected the address of a portal such as {DefaultUrl}.");
        }

        var origin = portal.GetLeftPart(UriPartial.Authority);
        var full = path.StartsWith('/') ? path : "/api/v1/" + path;
        return !full.StartsWith("//", StringComparison.Ordinal) && !path.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(origin + full, UriKind.Absolute, out var address) && address.GetLeftPart(UriPartial.Authority) == origin
            ? address
            : throw new SecFlowException(Codes.OptionInvalid, $"PATH '{path}': expected a path of the portal such as /api/v1/holds. The address of the portal itself goes to --url.");
    }

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
