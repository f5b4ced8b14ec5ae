using SecFlow.Data;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution;

/// <summary>One thing that keeps this engine from its work, or that whoever reads its times must know.</summary>
/// <param name="Code">SF7xxx.</param>
/// <param name="Words">What happened, what it means, what to do.</param>
/// <param name="HoldsClaims">Whether runs wait until it has passed.</param>
/// <param name="Since">When it was noticed.</param>
public sealed record EngineTrouble(string Code, string Words, bool HoldsClaims, DateTimeOffset Since);

/// <summary>How the engine fares, as its watch sees it; asked by the queue, <c>/readyz</c> and the banner of every page. Empty = well.</summary>
public sealed class EngineTroubles
{
    private volatile IReadOnlyList<EngineTrouble> _now = [];

    /// <summary>What stands now, at most one of a code.</summary>
    public IReadOnlyList<EngineTrouble> Now => _now;

    /// <summary>True while no run should begin here: it would only fail.</summary>
    public bool HoldClaims => _now.Any(trouble => trouble.HoldsClaims);

    /// <summary>Called after each change, on the watch's thread.</summary>
    public event EventHandler? Changed;

    public static string CodeOf(TroubleKind kind) => kind switch
    {
        TroubleKind.Locked => Codes.DatabaseLocked,
        TroubleKind.Full => Codes.DiskFull,
        _ => Codes.DatabaseFailed,
    };

    /// <summary>Sets what stands; what stood before keeps its beginning.</summary>
    internal void Set(IReadOnlyList<EngineTrouble> troubles)
    {
        var before = _now;
        _now = [.. troubles.Select(now => before.FirstOrDefault(old => old.Code == now.Code) is { } old ? now with { Since = old.Since } : now)];
        if (!_now.SequenceEqual(before))
        {
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }
}
