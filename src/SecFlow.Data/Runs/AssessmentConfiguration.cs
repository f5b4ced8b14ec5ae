using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class AssessmentConfiguration : IEntityTypeConfiguration<Assessment>
{
    public void Configure(EntityTypeBuilder<Assessment> builder)
    {
        builder.Property(row => row.Target).HasMaxLength(2048);
        builder.Property(row => row.PluginId).HasMaxLength(200);
        builder.HasIndex(row => new { row.TeamId, row.TargetId, row.PluginId });
        builder.HasIndex(row => row.RunId);
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<NodeRun>().WithMany().HasForeignKey(row => row.NodeRunId).OnDelete(DeleteBehavior.Cascade);
    }
}
