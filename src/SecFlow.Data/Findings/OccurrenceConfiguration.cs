using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Findings;

internal sealed class OccurrenceConfiguration : IEntityTypeConfiguration<Occurrence>
{
    public void Configure(EntityTypeBuilder<Occurrence> builder)
    {
        builder.Property(row => row.HiddenReason).HasMaxLength(500);
        builder.HasIndex(row => new { row.FindingId, row.RunId }).IsUnique();
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => row.RunId);
        builder.HasOne<Finding>().WithMany().HasForeignKey(row => row.FindingId).OnDelete(DeleteBehavior.Cascade);
    }
}
