using SecFlow.Data.Targets;

namespace SecFlow.Execution.Targets;

/// <summary>
/// The targets of a run, looked at again at each node and while it works: what was pinned when the run was accepted only becomes less.
/// A target that was archived, or whose value was authorised anew, ends; a sooner end, fewer ports, a lower rate and a lower intrusiveness hold from then on.
/// The windows are those of now: whether it may be touched at this hour is not decided when a run begins.
/// </summary>
public sealed class LiveTargets(TargetStore targets, TargetFolders folders, TimeProvider time)
{
    /// <summary>Resolves and pins. Throws SF3021 for a folder that cannot be opened.</summary>
    public async Task<TargetScope> PinAsync(Guid teamId, IReadOnlyList<ScopedTarget> pinned, CancellationToken ct)
    {
        Task<IReadOnlyList<ScopedTarget>> Now(IReadOnlyList<ScopedTarget> before, CancellationToken token) => LessAsync(teamId, before, token);
        return await TargetScope.PinAsync(await Now(pinned, ct), folders, teamId, Now, time, ct);
    }

    private async Task<IReadOnlyList<ScopedTarget>> LessAsync(Guid teamId, IReadOnlyList<ScopedTarget> pinned, CancellationToken ct)
    {
        var rows = (await targets.FindManyAsync(teamId, [.. pinned.Select(target => target.Id)], ct)).ToDictionary(row => row.Id);
        return [.. pinned.Select(target => Lesser(target, rows.GetValueOrDefault(target.Id), time.GetUtcNow()))];
    }

    internal static ScopedTarget Lesser(ScopedTarget pinned, Target? row, DateTimeOffset now)
    {
        if (row is null || (row.Revision == pinned.Revision && row.ArchivedAt is null))
        {
            return pinned;
        }

        if (row.ArchivedAt is not null || row.Kind != pinned.Kind || row.Value != pinned.Value || row.ApprovedAddress != pinned.ApprovedAddress)
        {
            return pinned with { AuthorisedUntil = pinned.AuthorisedUntil < now ? pinned.AuthorisedUntil : now };
        }

        var current = ScopedTarget.Of(row);
        return pinned with
        {
            AuthorisedFrom = row.AuthorisedFrom > pinned.AuthorisedFrom && row.AuthorisedFrom > now ? row.AuthorisedFrom : pinned.AuthorisedFrom,
            AuthorisedUntil = Ports(pinned, current) is null ? now : row.AuthorisedUntil is { } until && (pinned.AuthorisedUntil is null || until < pinned.AuthorisedUntil) ? until : pinned.AuthorisedUntil,
            MaxIntrusiveness = row.MaxIntrusiveness < pinned.MaxIntrusiveness ? row.MaxIntrusiveness : pinned.MaxIntrusiveness,
            RequestsPerSecond = Math.Min(row.RequestsPerSecond, pinned.RequestsPerSecond),
            Ports = Ports(pinned, current) ?? pinned.Ports,
            Windows = row.Windows,
        };
    }

    /// <summary>Ports of both; null when none is left. No port listed means all for a host or network, none beside its own for a url.</summary>
    private static IReadOnlyList<int>? Ports(ScopedTarget pinned, ScopedTarget current)
    {
        if ((pinned.Kind is TargetKind.Host or TargetKind.Cidr) && (pinned.Ports.Count == 0 || current.Ports.Count == 0))
        {
            return pinned.Ports.Count == 0 ? current.Ports : pinned.Ports;
        }

        IReadOnlyList<int> both = [.. pinned.Ports.Intersect(current.Ports)];
        return both.Count == 0 && pinned.Kind is (TargetKind.Host or TargetKind.Cidr) ? null : both;
    }
}
