using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class DatasetConfiguration : IEntityTypeConfiguration<Dataset>
{
    public void Configure(EntityTypeBuilder<Dataset> builder)
    {
        builder.Property(row => row.Name).HasMaxLength(260);
        builder.Property(row => row.Type).HasMaxLength(16);
        builder.Property(row => row.BlobDigest).HasMaxLength(71);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => new { row.RunId, row.Name }).IsUnique();
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<NodeRun>().WithMany().HasForeignKey(row => row.NodeRunId).OnDelete(DeleteBehavior.Cascade);
    }
}
