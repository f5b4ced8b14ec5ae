using System.Net;
using SecFlow.Sigstore.Roots;

namespace SecFlow.Execution.Trust;

/// <summary>
/// Tells the trusted root of a mock or a laboratory from one that can stand for anybody: its services live at names that nobody can own (loopback, RFC 2606, RFC 6761),
/// or its authority calls itself a mock. Whoever runs such a mock can sign as anyone.
/// </summary>
internal static class MockRoots
{
    private static readonly string[] _reserved = ["localhost", "test", "example", "invalid", "local", "mock"];

    /// <summary>The sign, as words for a person; null when there is none.</summary>
    public static string? SignOf(TrustedRoot root)
    {
        var names = root.TransparencyLogs.Concat(root.CertificateLogs).Select(l => l.Name)
            .Concat(root.CertificateAuthorities.Concat(root.TimestampAuthorities).Select(a => a.Uri));
        var subjects = root.CertificateAuthorities.Concat(root.TimestampAuthorities).SelectMany(a => a.Certificates).Select(c => c.Subject);
        return names.FirstOrDefault(IsReserved) is { } name ? $"its services live at {name}"
            : subjects.FirstOrDefault(s => s.Contains("mock", StringComparison.OrdinalIgnoreCase)) is { } subject ? $"its authority is called {subject}"
            : null;
    }

    private static bool IsReserved(string name)
    {
        var address = name.Contains("://", StringComparison.Ordinal) ? name : "https://" + name;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
        {
            return false;
        }

        var host = uri.IdnHost.TrimEnd('.');
        return IPAddress.TryParse(host.Trim('[', ']'), out var ip)
            ? IPAddress.IsLoopback(ip)
            : _reserved.Contains(host[(host.LastIndexOf('.') + 1)..], StringComparer.OrdinalIgnoreCase)
                || host.EndsWith("example.com", StringComparison.OrdinalIgnoreCase) || host.EndsWith("example.org", StringComparison.OrdinalIgnoreCase) || host.EndsWith("example.net", StringComparison.OrdinalIgnoreCase);
    }
}
