using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class StagedRecordConfiguration : IEntityTypeConfiguration<StagedRecord>
{
    public void Configure(EntityTypeBuilder<StagedRecord> builder)
    {
        builder.Property(row => row.Port).HasMaxLength(63);
        builder.Property(row => row.Fingerprint).HasMaxLength(64);
        builder.Property(row => row.Severity).HasMaxLength(16);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => new { row.NodeRunId, row.Attempt });
        builder.HasIndex(row => row.RunId);
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<NodeRun>().WithMany().HasForeignKey(row => row.NodeRunId).OnDelete(DeleteBehavior.Cascade);
    }
}
