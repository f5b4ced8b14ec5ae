using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using SecFlow.Data.Teams;

namespace SecFlow.Data.Workflows;

internal sealed class WorkflowConfiguration : IEntityTypeConfiguration<Workflow>
{
    public void Configure(EntityTypeBuilder<Workflow> builder)
    {
        builder.Property(row => row.Name).HasMaxLength(100);
        builder.Property(row => row.Description).HasMaxLength(500);
        builder.HasIndex(row => new { row.TeamId, row.Name }).IsUnique();
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}
