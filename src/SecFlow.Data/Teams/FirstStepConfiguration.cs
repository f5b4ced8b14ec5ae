using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Teams;

internal sealed class FirstStepConfiguration : IEntityTypeConfiguration<FirstStep>
{
    public void Configure(EntityTypeBuilder<FirstStep> builder)
    {
        builder.HasKey(row => new { row.TeamId, row.Kind });
        builder.Property(row => row.By).HasMaxLength(256);
        builder.Property(row => row.Detail).HasMaxLength(1000);
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}
