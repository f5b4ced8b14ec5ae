using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Api;

/// <summary>
/// Requests to a portal with the token of <c>SECFLOW_TOKEN</c>. No redirect is followed, and a path never names another host: the token goes nowhere else.
/// A refusal is said on stderr; the exit code is that of its code.
/// </summary>
internal static class PortalClient
{
    private const string DefaultUrl = "http://localhost:8080";
    private const int MostBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    public static Option<string> UrlOption() => new("--url")
    {
        Description = $"The portal (default: {ApiCommand.UrlVariable}, else {DefaultUrl}).",
        HelpName = "URL",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(ApiCommand.UrlVariable) is { Length: > 0 } set ? set : DefaultUrl,
    };

    /// <summary>A request that carries the token. Throws SF1601 for a wrong url, path or token.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string url, string path)
    {
        var address = Address(url, path);
        var token = Environment.GetEnvironmentVariable(ApiCommand.TokenVariable);
        return string.IsNullOrWhiteSpace(token) || token.Any(c => c is < '!' or > '~')
            ? throw new SecFlowException(Codes.OptionInvalid, $"{ApiCommand.TokenVariable} holds no API token. Create one in the portal under Account, and set the variable.")
            : new HttpRequestMessage(method, address) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
    }

    /// <summary>Sends it, hands the answer's text and whether it was accepted to <paramref name="answered"/>, and then says a refusal.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> SendAsync(HttpRequestMessage request, Terminal terminal, Func<string, bool, Task> answered, CancellationToken ct)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Patience, MaxResponseContentBufferSize = MostBytes };
        try
        {
            using var response = await client.SendAsync(request, ct);
            var text = await response.Content.ReadAsStringAsync(ct);
            await answered(text, response.IsSuccessStatusCode);
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

    /// <summary>Sends it and hands each line of an answer that goes on, until the handler says that it is enough or the answer ends.</summary>
    /// <returns>The exit code; null when the answer broke off.</returns>
    public static async Task<int?> StreamAsync(HttpRequestMessage request, Terminal terminal, Func<string, Task<bool>> line, CancellationToken ct)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode)
            {
                return await SayAsync((int)response.StatusCode, await response.Content.ReadAsStringAsync(ct), terminal);
            }

            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
            while (await reader.ReadLineAsync(ct) is { } text)
            {
                if (await line(text))
                {
                    return ExitCodes.Done;
                }
            }

            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return null;
        }
    }

    /// <summary>Problem details of RFC 9457 as words, and the exit code of their code.</summary>
    private static async Task<int> SayAsync(int status, string text, Terminal terminal)
    {
        var problem = Read(text);
        if (problem?["code"] is not JsonValue value || !value.TryGetValue<string>(out var code) || code.Length != 6 || !code.StartsWith("SF", StringComparison.Ordinal) || !char.IsAsciiDigit(code[2]))
        {
            await terminal.Error.WriteLineAsync($"secflow: the answer was {status}, and not one of a SecFlow portal. See whether --url is right.");
            return ExitCodes.Failed;
        }

        var refusal = new Diagnostic(code, Output.Plain((string?)problem["detail"] ?? "")) { Remedy = (string?)problem["remedy"] };
        await CliApp.SayAsync(terminal, refusal);
        return ExitCodes.Of(new SecFlowException(refusal));
    }

    /// <summary>An answer as a JSON object; null when it is none.</summary>
    public static JsonObject? Read(string text)
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
}
