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
