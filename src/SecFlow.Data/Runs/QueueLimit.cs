using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

/// <summary>How many runs may be at work at the same time. A run that would be one more waits, and the queue says so.</summary>
public sealed class QueueLimit
{
    public Guid Id { get; set; }

    /// <summary>Whose runs; <see cref="Guid.Empty"/> = those of all teams together.</summary>
    public Guid TeamId { get; set; }

    /// <summary>Only runs that still have a node of this plugin to do; empty = every run of the team.</summary>
    public string PluginId { get; set; } = "";

    /// <summary>1..1000.</summary>
    public int MostRuns { get; set; }

    public string SetBy { get; set; } = "";

    public DateTimeOffset SetAt { get; set; }

    /// <summary>How many runs of a team may be at work, where no limit of its own says otherwise <paramref name="otherwise"/>.</summary>
    public static int OfTeam(IReadOnlyList<QueueLimit> limits, Guid team, int otherwise) => limits.FirstOrDefault(l => l.TeamId == team && l.PluginId.Length == 0)?.MostRuns ?? otherwise;

    /// <summary>How many runs at work count against this limit of a plugin.</summary>
    public int CountIn(IReadOnlyDictionary<(Guid TeamId, string PluginId), int> busy) =>
        busy.Where(b => b.Key.PluginId == PluginId && (TeamId == Guid.Empty || TeamId == b.Key.TeamId)).Sum(b => b.Value);
}

internal sealed class QueueLimitConfiguration : IEntityTypeConfiguration<QueueLimit>
{
    public void Configure(EntityTypeBuilder<QueueLimit> builder)
    {
        builder.Property(row => row.PluginId).HasMaxLength(100);
        builder.Property(row => row.SetBy).HasMaxLength(256);
        builder.HasIndex(row => new { row.TeamId, row.PluginId }).IsUnique();
    }
}
