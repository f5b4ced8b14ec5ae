using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Transparency;

/// <summary>What became of the log entries of a bundle: <see cref="VerifiedLogEntries"/> or <see cref="RejectedLogEntries"/>.</summary>
public abstract record LogOutcome;

/// <summary>One entry did not hold, and with it the bundle.</summary>
public sealed record RejectedLogEntries(RejectedBundle Rejection) : LogOutcome;

/// <summary>A verified entry and when the key that vouches for it was in use.</summary>
public sealed record ProvenLogEntry(VerifiedLogEntry Entry, Period KeyValidFor);

/// <summary>Every entry of the bundle holds; there may be none.</summary>
public sealed record VerifiedLogEntries(IReadOnlyList<ProvenLogEntry> Proven) : LogOutcome
{
    /// <summary>The entries in the order of the bundle.</summary>
    public IReadOnlyList<VerifiedLogEntry> Entries => [.. Proven.Select(p => p.Entry)];

    /// <summary>How many count towards a threshold: each operator once, however many logs it runs and entries it gives.</summary>
    public int Parties => Proven.Select(p => p.Entry.Party).Distinct(StringComparer.Ordinal).Count();

    /// <summary>Times that a log has signed.</summary>
    public IReadOnlyList<VerifiedTime> Times => [.. Proven.Where(p => p.Entry.IntegratedTime is not null).Select(p => new VerifiedTime(p.Entry.IntegratedTime!.Value, p.Entry.Party))];

    /// <summary>
    /// Holds the key of every log against all times of the signature, also those of timestamp authorities: an entry that a log did not date itself could
    /// otherwise be made with a key that was given up long before.
    /// </summary>
    public RejectedBundle? OutsideOf(IEnumerable<VerifiedTime> times)
    {
        ArgumentNullException.ThrowIfNull(times);
        foreach (var time in times)
        {
            if (Proven.FirstOrDefault(p => !p.KeyValidFor.Covers(time.Time)) is { } proven)
            {
                return NotValidThen(proven.Entry.Log, proven.KeyValidFor, time);
            }
        }

        return null;
    }

    internal static RejectedBundle NotValidThen(string log, Period validFor, VerifiedTime time) => new(
        RejectionReason.LogNotValidThen, VerificationStage.TransparencyLog, $"a time in {validFor}, when the key of log {log} was in use", $"{Period.Text(time.Time)} by {time.Source}");
}
