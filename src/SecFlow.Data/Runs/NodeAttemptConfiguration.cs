using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class NodeAttemptConfiguration : IEntityTypeConfiguration<NodeAttempt>
{
    public void Configure(EntityTypeBuilder<NodeAttempt> builder)
    {
        builder.Property(row => row.NodeId).HasMaxLength(200);
        builder.Property(row => row.Engine).HasMaxLength(100);
        builder.Property(row => row.ErrorCode).HasMaxLength(16);
        builder.Property(row => row.Reason).HasMaxLength(NodeAttempts.MostReason);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => row.RunId);
        builder.HasIndex(row => new { row.NodeRunId, row.Attempt }).IsUnique();
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<NodeRun>().WithMany().HasForeignKey(row => row.NodeRunId).OnDelete(DeleteBehavior.Cascade);
    }
}
