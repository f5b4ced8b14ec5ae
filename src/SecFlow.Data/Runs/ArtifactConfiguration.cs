using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class ArtifactConfiguration : IEntityTypeConfiguration<Artifact>
{
    public void Configure(EntityTypeBuilder<Artifact> builder)
    {
        builder.Property(row => row.Name).HasMaxLength(100);
        builder.Property(row => row.MediaType).HasMaxLength(100);
        builder.Property(row => row.BlobDigest).HasMaxLength(71);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => row.RunId);
        builder.HasIndex(row => new { row.NodeRunId, row.Name }).IsUnique();
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<NodeRun>().WithMany().HasForeignKey(row => row.NodeRunId).OnDelete(DeleteBehavior.Cascade);
    }
}
