using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using SecFlow.Data.Teams;

namespace SecFlow.Data.Targets;

internal sealed class TargetConfiguration : IEntityTypeConfiguration<Target>
{
    public void Configure(EntityTypeBuilder<Target> builder)
    {
        builder.Property(row => row.Name).HasMaxLength(100);
        builder.Property(row => row.Value).HasMaxLength(2048);
        builder.Property(row => row.ApprovedAddress).HasMaxLength(64);
        builder.Property(row => row.Ports).HasMaxLength(500);
        builder.Property(row => row.Tags).HasMaxLength(500);
        builder.Property(row => row.Owner).HasMaxLength(256);
        builder.Property(row => row.UserAgent).HasMaxLength(200);
        builder.Property(row => row.Windows).HasMaxLength(5000);
        builder.Property(row => row.AuthorisationReference).HasMaxLength(200);
        builder.Property(row => row.AuthorisedBy).HasMaxLength(256);
        builder.Property(row => row.Revision).IsConcurrencyToken();
        // The name of an archived one may be used again.
        builder.HasIndex(row => new { row.TeamId, row.Name }).IsUnique().HasFilter("archived_at IS NULL");
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}
