using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;

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
    int Revision)
{
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>What requests to it say beside the program's name; empty = the name alone.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>When it may be scanned (<see cref="TargetWindows"/>), one rule per line; empty = at any time.</summary>
    public string Windows { get; init; } = "";

    /// <summary>Why it may not be touched at this time: authorisation (SF3005) or windows (SF3020); null = it may.</summary>
    public Diagnostic? RefusalAt(DateTimeOffset now)
    {
        if (now < AuthorisedFrom || now >= AuthorisedUntil)
        {
            const string Remedy = "Have the authorisation of the target renewed.";
            return new Diagnostic(Codes.AuthorisationLapsed, $"The authorisation of target '{Name}' is not valid now ({AuthorisedFrom:u}{(AuthorisedUntil is { } until ? $" to {until:u}" : " until it is archived")}). {Remedy}") { Rule = "target.authorisation", Remedy = Remedy };
        }

        return TargetWindows.Of(Windows).Refusal(Name, now);
    }

    /// <summary>A stored target as a run pins it.</summary>
    public static ScopedTarget Of(Target row) => new(
        row.Id,
        row.Name,
        row.Kind,
        row.Value,
        row.ApprovedAddress,
        [.. row.Ports.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)],
        row.MaxIntrusiveness,
        row.RequestsPerSecond,
        row.AuthorisedFrom,
        row.AuthorisedUntil,
        row.Revision)
    {
        Tags = row.Tags.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        UserAgent = row.UserAgent,
        Windows = row.Windows,
    };
}
