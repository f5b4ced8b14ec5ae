using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Metrics;

internal sealed class MetricRollupConfiguration : IEntityTypeConfiguration<MetricRollup>
{
    public void Configure(EntityTypeBuilder<MetricRollup> builder)
    {
        builder.Property(row => row.Instrument).HasMaxLength(60);
        builder.Property(row => row.Labels).HasMaxLength(400);
        builder.Property(row => row.Instance).HasMaxLength(100);
        builder.Property(row => row.Buckets).HasMaxLength(500);

        // No foreign key to the team: an empty team means the installation.
        builder.HasIndex(row => new { row.TeamId, row.Instrument, row.Seconds, row.At });
        builder.HasIndex(row => new { row.Seconds, row.At, row.Instance, row.TeamId, row.Instrument, row.Labels }).IsUnique();
    }
}
