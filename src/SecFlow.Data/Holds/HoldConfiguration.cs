using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Holds;

internal sealed class HoldConfiguration : IEntityTypeConfiguration<Hold>
{
    public void Configure(EntityTypeBuilder<Hold> builder)
    {
        builder.Property(row => row.Reason).HasMaxLength(500);
        builder.Property(row => row.BegunBy).HasMaxLength(256);
        builder.Property(row => row.EndedBy).HasMaxLength(256);
        builder.Property(row => row.EndReason).HasMaxLength(500);
        builder.Ignore(row => row.OfInstallation);

        // No foreign key to the team: an empty team means the installation. At most one stands at a time.
        builder.HasIndex(row => row.TeamId).IsUnique().HasFilter("ended_at IS NULL");
        builder.HasIndex(row => new { row.TeamId, row.BegunAt });
    }
}
