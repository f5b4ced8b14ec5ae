using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Teams;

internal sealed class ApiTokenConfiguration : IEntityTypeConfiguration<ApiToken>
{
    public void Configure(EntityTypeBuilder<ApiToken> builder)
    {
        builder.Property(row => row.Name).HasMaxLength(100);
        builder.Property(row => row.TokenHash).HasMaxLength(64);
        builder.Property(row => row.Scopes).HasMaxLength(500);
        builder.Property(row => row.CreatedBy).HasMaxLength(256);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => row.TokenHash).IsUnique();
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}
