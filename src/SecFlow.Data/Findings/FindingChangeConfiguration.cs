using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Findings;

internal sealed class FindingChangeConfiguration : IEntityTypeConfiguration<FindingChange>
{
    public void Configure(EntityTypeBuilder<FindingChange> builder)
    {
        builder.Property(row => row.Actor).HasMaxLength(256);
        builder.Property(row => row.Field).HasMaxLength(50);
        builder.Property(row => row.Reason).HasMaxLength(500);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => new { row.FindingId, row.Time });
        builder.HasOne<Finding>().WithMany().HasForeignKey(row => row.FindingId).OnDelete(DeleteBehavior.Cascade);
    }
}
