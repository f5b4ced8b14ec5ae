using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Targets in words.</summary>
public static class TargetWords
{
    private const int DigestShown = 12;
    private static readonly TimeSpan _soon = TimeSpan.FromDays(14);

    /// <summary>The value as people read it: an archive by the begin of its digest, a name with the address that was approved with it.</summary>
    public static string Value(Target row) =>
        row.Value.StartsWith(TargetFolders.ArchivePrefix, StringComparison.Ordinal) ? $"archive {row.Value[TargetFolders.ArchivePrefix.Length..][..DigestShown]}"
        : row.ApprovedAddress is null ? row.Value
        : $"{row.Value} ({row.ApprovedAddress})";

    /// <summary>Whether somebody should renew the authorisation now.</summary>
    public static bool EndsSoon(Target row, DateTimeOffset now) => row.AuthorisedUntil is { } until && until - now < _soon;

    /// <summary>How a target that may not be touched now is marked.</summary>
    public static StatusLook Look(Diagnostic refusal) => refusal.Code == Codes.OutsideWindow ? new StatusLook("ended", "dash", "outside its windows") : new StatusLook("denied", "shield", "not authorised");
}
