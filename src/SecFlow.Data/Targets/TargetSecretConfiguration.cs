using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using SecFlow.Data.Teams;

namespace SecFlow.Data.Targets;

internal sealed class TargetSecretConfiguration : IEntityTypeConfiguration<TargetSecret>
{
    public void Configure(EntityTypeBuilder<TargetSecret> builder)
    {
        builder.ToTable("TargetSecrets");
        builder.Property(row => row.Name).HasMaxLength(64);
        builder.Property(row => row.SetBy).HasMaxLength(256);
        builder.HasIndex(row => new { row.TeamId, row.Name }).IsUnique().HasFilter("target_id IS NULL");
        builder.HasIndex(row => new { row.TargetId, row.Name }).IsUnique().HasFilter("target_id IS NOT NULL");
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Target>().WithMany().HasForeignKey(row => row.TargetId).OnDelete(DeleteBehavior.Restrict);
    }
}
