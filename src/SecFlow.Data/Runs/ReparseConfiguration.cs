using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class ReparseConfiguration : IEntityTypeConfiguration<Reparse>
{
    public void Configure(EntityTypeBuilder<Reparse> builder)
    {
        builder.Property(row => row.NodeId).HasMaxLength(200);
        builder.Property(row => row.PluginId).HasMaxLength(200);
        builder.Property(row => row.FromVersion).HasMaxLength(100);
        builder.Property(row => row.ToVersion).HasMaxLength(100);
        builder.Property(row => row.FromDigest).HasMaxLength(71);
        builder.Property(row => row.ToDigest).HasMaxLength(71);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => new { row.RunId, row.At });
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<NodeRun>().WithMany().HasForeignKey(row => row.NodeRunId).OnDelete(DeleteBehavior.Cascade);
    }
}
