using System.Buffers;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>What a plugin may put into a request: nothing that changes who is asked or how the message is framed.</summary>
internal static class TargetRequestRules
{
    private const int MaxHeaderBytes = 64 * 1024;
    private const int MaxBodyBytes = 16 * 1024 * 1024;
    private static readonly string[] Methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"];
    private static readonly HashSet<string> Framing = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "HTTP2-Settings",
    };

    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>Throws SF1501, or SF3003 for a Host header that names another host.</summary>
    public static void Check(TargetRequest request)
    {
        if (!Methods.Contains(request.Method, StringComparer.OrdinalIgnoreCase))
        {
            throw Invalid($"The method '{Short(request.Method)}' cannot be used. Expected one of {string.Join(", ", Methods)}.");
        }

        if (request.Timeout <= TimeSpan.Zero || request.MaxBodyBytes < 0)
        {
            throw Invalid("The timeout must be more than 0 ms and maxBytes not negative.");
        }

        if (request.Body?.Length > MaxBodyBytes)
        {
            throw Invalid($"The body has {request.Body.Length} bytes. Expected at most {MaxBodyBytes}.");
        }

        if (request.Headers.Sum(header => (long)header.Key.Length + header.Value.Length + 4) > MaxHeaderBytes)
        {
            throw Invalid($"The headers are longer than {MaxHeaderBytes} bytes together.");
        }

        foreach (var (name, value) in request.Headers)
        {
            CheckHeader(request.Url, name, value);
        }
    }

    private static void CheckHeader(Uri url, string name, string value)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(Token))
        {
            throw Invalid($"'{Short(name)}' is no header name. Expected letters, digits and !#$%&'*+-.^_`|~.");
        }

        if (value.Any(c => c is (< ' ' and not '\t') or > '~'))
        {
            throw Invalid($"The value of header {name} holds a line break, a control character or a character outside ASCII. Expected visible ASCII; encode the rest.");
        }

        if (Framing.Contains(name))
        {
            throw Invalid($"Header {name} belongs to the connection and is set by the engine. Leave it out.");
        }

        if (name.Equals("Host", StringComparison.OrdinalIgnoreCase) && !value.Equals(url.Authority, StringComparison.OrdinalIgnoreCase) && !value.Equals($"{url.Host}:{url.Port}", StringComparison.OrdinalIgnoreCase))
        {
            const string Remedy = "Leave the header out, or ask the other host by its own url.";
            throw new SecFlowException(new Diagnostic(Codes.OutOfScope, $"The Host header '{Short(value)}' names another host than the url ({url.Authority}). {Remedy}") { Rule = "scope.host-header", Remedy = Remedy });
        }
    }

    private static SecFlowException Invalid(string message) => new(Codes.RequestInvalid, message);

    private static string Short(string text) => text.Length <= 64 ? text : text[..64] + "...";
}
