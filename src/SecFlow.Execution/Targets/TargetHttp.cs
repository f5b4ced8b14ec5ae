using System.Net;
using SecFlow.Data.Targets;

namespace SecFlow.Execution.Targets;

/// <summary>An approved target as a run pinned it (JSON element of <see cref="SecFlow.Data.Runs.Run.Targets"/>).</summary>
public sealed record ScopedTarget(
    Guid Id,
    string Name,
    TargetKind Kind,
    string Value,
    string? ApprovedAddress,
    IReadOnlyList<int> Ports,
    Intrusiveness MaxIntrusiveness,
    int RequestsPerSecond,
    DateTimeOffset AuthorisedFrom,
    DateTimeOffset? AuthorisedUntil,
    int Revision);

/// <summary>The targets of one node run, names resolved once and pinned. Everything that is reached is compared with it.</summary>
public sealed class TargetScope
{
    public IReadOnlyList<ScopedTarget> Targets => throw new NotSupportedException();

    /// <summary>Resolves and pins. A target whose name does not resolve stays in the scope without addresses (unreachable).</summary>
    public static Task<TargetScope> PinAsync(IReadOnlyList<ScopedTarget> targets, TimeProvider time, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Whether the url is inside the scope; on success the target and its pinned addresses. Codes SF3003, SF3005, SF3008.</summary>
    public ScopeAnswer Check(Uri url) => throw new NotSupportedException();
}

/// <summary>Answer of a scope check: either a target with addresses, or the refusal.</summary>
public sealed record ScopeAnswer(ScopedTarget? Target, IReadOnlyList<IPAddress> Addresses, Diagnostics.Diagnostic? Refusal);

/// <summary>One request of a plugin.</summary>
public sealed record TargetRequest(string Method, Uri Url, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[]? Body, bool FollowRedirects, TimeSpan Timeout, long MaxBodyBytes);

/// <summary>Answer of a target. Headers keep order, case and repetition.</summary>
public sealed record TargetResponse(int Status, Uri Url, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body, bool Truncated, TimeSpan Elapsed, IReadOnlyList<Uri> Redirects, string? TlsProtocol);

/// <summary>The only door to HTTP towards targets: scope check, pinned addresses, redirects re-checked, rate per target, bounded in bytes and time. Throws SF3003/3007/3008 (refused) and SF51xx (target).</summary>
public sealed class TargetHttp : IDisposable
{
    public Task<TargetResponse> SendAsync(TargetScope scope, TargetRequest request, CancellationToken ct) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
