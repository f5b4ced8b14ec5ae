using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class RawOutputConfiguration : IEntityTypeConfiguration<RawOutput>
{
    public void Configure(EntityTypeBuilder<RawOutput> builder)
    {
        builder.Property(row => row.Name).HasMaxLength(300);
        builder.Property(row => row.Tool).HasMaxLength(100);
        builder.Property(row => row.BlobDigest).HasMaxLength(71);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => row.RunId);
        builder.HasIndex(row => new { row.NodeRunId, row.Name }).IsUnique();
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<NodeRun>().WithMany().HasForeignKey(row => row.NodeRunId).OnDelete(DeleteBehavior.Cascade);
    }
}
