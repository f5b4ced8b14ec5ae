using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class RunEventConfiguration : IEntityTypeConfiguration<RunEvent>
{
    public void Configure(EntityTypeBuilder<RunEvent> builder)
    {
        builder.HasKey(row => new { row.RunId, row.Seq });
        builder.Property(row => row.Type).HasMaxLength(32);
        builder.Property(row => row.NodeId).HasMaxLength(200);
        builder.HasIndex(row => row.TeamId);
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}
