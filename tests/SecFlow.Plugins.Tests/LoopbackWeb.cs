using System.Net.Http.Headers;

namespace SecFlow.Plugins.Tests;

/// <summary>Real HTTP to loopback, as the engine's door does it: no redirects, no cookies kept, nothing but loopback.</summary>
public sealed class LoopbackWeb : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });

    public async Task<WebReply> SendAsync(WebRequest request)
    {
        if (!request.Url.IsLoopback)
        {
            throw new WebFailureException("SF3003", request.Url.Host + " is outside the scope.");
        }

        using var message = new HttpRequestMessage(new HttpMethod(request.Method), request.Url);
        foreach (var (name, value) in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content ??= new StringContent(request.Body ?? "");
                message.Content.Headers.Remove(name);
                message.Content.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
            }
        }

        try
        {
            using var response = await _client.SendAsync(message);
            var headers = Flatten(response.Headers).Concat(Flatten(response.Content.Headers)).ToList();
            return new WebReply((int)response.StatusCode, headers, await response.Content.ReadAsByteArrayAsync());
        }
        catch (HttpRequestException e)
        {
            throw new WebFailureException("SF5101", e.Message);
        }
    }

    public void Dispose() => _client.Dispose();

    private static IEnumerable<KeyValuePair<string, string>> Flatten(HttpHeaders headers)
    {
        foreach (var header in headers.NonValidated)
        {
            // Server: a b is one header in two pieces; every other repetition is a line of its own
            if (header.Key is "Server" or "Allow" or "Content-Type")
            {
                yield return new(header.Key, string.Join(header.Key == "Server" ? " " : ", ", header.Value));
                continue;
            }

            foreach (var value in header.Value)
            {
                yield return new(header.Key, value);
            }
        }
    }
}
