using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using SecFlow.Data.Runs;

namespace SecFlow.Data.Metrics;

internal sealed class TimingConfiguration : IEntityTypeConfiguration<Timing>
{
    public void Configure(EntityTypeBuilder<Timing> builder)
    {
        builder.Property(row => row.NodeId).HasMaxLength(127);
        builder.Property(row => row.PluginId).HasMaxLength(200);
        builder.HasIndex(row => new { row.RunId, row.NodeId }).IsUnique();

        // What comparable ones took, newest first.
        builder.HasIndex(row => new { row.TeamId, row.WorkflowId, row.NodeId, row.PluginId, row.Targets, row.EndedAt });
        builder.HasIndex(row => new { row.TeamId, row.EndedAt });
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}
