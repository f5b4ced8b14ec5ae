using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Trust;

internal sealed class TrustPolicyRevisionConfiguration : IEntityTypeConfiguration<TrustPolicyRevision>
{
    public void Configure(EntityTypeBuilder<TrustPolicyRevision> builder)
    {
        builder.Property(row => row.Digest).HasMaxLength(71);
        builder.Property(row => row.CreatedBy).HasMaxLength(256);
        // No foreign key to the team: an empty team means the installation.
        builder.HasIndex(row => new { row.TeamId, row.Number }).IsUnique();
    }
}
