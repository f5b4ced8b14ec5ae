using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Teams;

internal sealed class TeamConfiguration : IEntityTypeConfiguration<Team>
{
    public void Configure(EntityTypeBuilder<Team> builder)
    {
        builder.Property(row => row.Slug).HasMaxLength(63);
        builder.Property(row => row.Name).HasMaxLength(100);
        builder.HasIndex(row => row.Slug).IsUnique();
    }
}
