using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>One request of a plugin.</summary>
/// <param name="Timeout">From the first connection to the last byte, redirects included; the wait for the target's rate comes before it.</param>
/// <param name="MaxBodyBytes">Bytes of the body that are kept, after decompression; also the limit of what is read before it.</param>
public sealed record TargetRequest(string Method, Uri Url, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[]? Body, bool FollowRedirects, TimeSpan Timeout, long MaxBodyBytes)
{
    /// <summary>A body that is too large is an error (SF5102) instead of truncated.</summary>
    public bool FailWhenTooLarge { get; init; }
}

/// <summary>Answer of a target. Headers keep repetition, values as sent (Latin-1); well-known names have their usual case.</summary>
public sealed record TargetResponse(int Status, Uri Url, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body, bool Truncated, TimeSpan Elapsed, IReadOnlyList<Uri> Redirects, string? TlsProtocol)
{
    /// <summary>What is wrong with the certificate, such as <c>RemoteCertificateNameMismatch</c>; null when nothing is or there is none. A wrong certificate never stops a scan.</summary>
    public string? TlsProblem { get; init; }
}

/// <summary>
/// The only door to HTTP towards targets.
/// 1. Each url, also of a redirect, is checked against the scope; connections are opened to the pinned addresses only. No proxy, no cookies, no second resolution.
/// 2. Bounded: 64 KiB of response headers, the body's limit before and after decompression, one timeout for everything, ten redirects.
/// 3. Requests to one target share its rate. They say who they are.
/// Throws SF1501 (no valid request), SF3003, SF3005, SF3007, SF3008 (refused), SF5101 unreachable, SF5102 too large, SF5103 bad answer, SF5104 too slow.
/// </summary>
public sealed class TargetHttp(TimeProvider time, TargetRates rates) : IDisposable
{
    public const string UserAgent = "SecFlow/0.1 (+authorised security scan)";
    private const int MaxRedirects = 10;

    private readonly ConditionalWeakTable<TargetScope, TargetConnections> _connections = [];

    /// <summary>The whole User-Agent of requests to a target: its own words, then the program's name.</summary>
    public static string AgentOf(ScopedTarget target) => target.UserAgent.Length == 0 ? UserAgent : $"{target.UserAgent} {UserAgent}";

    /// <summary>With rates of its own.</summary>
    public TargetHttp(TimeProvider time)
        : this(time, new TargetRates(time))
    {
    }

    public async Task<TargetResponse> SendAsync(TargetScope scope, TargetRequest request, CancellationToken ct)
    {
        TargetRequestRules.Check(request);
        var target = Allowed(scope, request.Url);
        await rates.WaitAsync(target, ct).ConfigureAwait(false);
        var started = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(request.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            return await FollowAsync(scope, target, request, started, linked.Token, ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new SecFlowException(Codes.TargetTimeout, $"{request.Url.Authority} did not answer completely within {request.Timeout.TotalSeconds:0.#} s. Expected a complete answer in that time; raise the timeout or look at the target.", e);
        }
    }

    public void Dispose()
    {
        foreach (var (_, connections) in _connections)
        {
            connections.Dispose();
        }
    }

    private async Task<TargetResponse> FollowAsync(TargetScope scope, ScopedTarget target, TargetRequest request, long started, CancellationToken ct, CancellationToken outer)
    {
        var connections = _connections.GetValue(scope, one => new TargetConnections(one));
        var hop = new TargetHop(request.Method.ToUpperInvariant(), request.Url, request.Headers, request.Body);
        var redirects = new List<Uri>();
        var seen = new HashSet<(string, string)> { (hop.Method, hop.Url.AbsoluteUri) };
        while (true)
        {
            using var message = hop.ToMessage(AgentOf(target));
            using var response = await AskAsync(connections, message, ct, outer).ConfigureAwait(false);
            if (!request.FollowRedirects || hop.Next(response) is not { } next)
            {
                var (body, truncated) = await ReadAsync(response, request, ct).ConfigureAwait(false);
                var tls = connections.Tls(hop.Url);
                return new TargetResponse((int)response.StatusCode, hop.Url, Headers(response), body, truncated, time.GetElapsedTime(started), redirects, tls?.Protocol) { TlsProblem = tls?.Problem };
            }

            var answer = scope.Check(next.Url);
            if (answer.Refusal is { } refusal)
            {
                throw new SecFlowException(new Diagnostic(Codes.RedirectOutOfScope, $"{hop.Url.Authority} redirects to {next.Url.Host} port {next.Url.Port}, which was not followed: {refusal.Message}") { Rule = refusal.Rule, Remedy = refusal.Remedy });
            }

            redirects.Add(next.Url);
            if (redirects.Count > MaxRedirects || !seen.Add((next.Method, next.Url.AbsoluteUri)))
            {
                throw new SecFlowException(Codes.TargetProtocol, $"{request.Url.Authority} redirects {(redirects.Count > MaxRedirects ? $"more than {MaxRedirects} times" : "in a circle")}. Expected a final answer; ask without following redirects.");
            }

            target = answer.Target!;
            await rates.WaitAsync(target, ct).ConfigureAwait(false);
            hop = next;
        }
    }

    private static async Task<HttpResponseMessage> AskAsync(TargetConnections connections, HttpRequestMessage message, CancellationToken ct, CancellationToken outer)
    {
        try
        {
            return await connections.SendAsync(message, ct).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (!outer.IsCancellationRequested)
        {
            var authority = message.RequestUri!.Authority;
            throw e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                ? new SecFlowException(Codes.TargetUnreachable, $"{authority} could not be reached: {Innermost(e)}. Expected a listening server; see whether the target is up and its port is right.", e)
                : new SecFlowException(Codes.TargetProtocol, $"{authority} gave an answer that is not valid HTTP or TLS: {Innermost(e)}. Expected HTTP/1.1 with at most 64 KiB of headers.", e);
        }
    }

    private static async Task<(byte[] Body, bool Truncated)> ReadAsync(HttpResponseMessage response, TargetRequest request, CancellationToken ct)
    {
        var (body, truncated) = await TargetBody.ReadAsync(response.Content, request.MaxBodyBytes, ct).ConfigureAwait(false);
        return truncated && request.FailWhenTooLarge
            ? throw new SecFlowException(Codes.TargetResponseTooLarge, $"The answer of {request.Url.Authority} is longer than {request.MaxBodyBytes} bytes or incomplete. Expected a whole body within that; raise maxBytes.")
            : (body, truncated);
    }

    private static List<KeyValuePair<string, string>> Headers(HttpResponseMessage response)
    {
        var all = new List<KeyValuePair<string, string>>();
        foreach (HttpHeaders headers in new HttpHeaders[] { response.Headers, response.Content.Headers })
        {
            foreach (var (name, values) in headers.NonValidated)
            {
                all.AddRange(values.Select(value => KeyValuePair.Create(name, value)));
            }
        }

        return all;
    }

    private static ScopedTarget Allowed(TargetScope scope, Uri url)
    {
        var answer = scope.Check(url);
        return answer.Refusal is { } refusal ? throw new SecFlowException(refusal) : answer.Target!;
    }

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message.TrimEnd('.');
}
