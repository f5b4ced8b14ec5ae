using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Workflows;

internal sealed class WorkflowVersionConfiguration : IEntityTypeConfiguration<WorkflowVersion>
{
    public void Configure(EntityTypeBuilder<WorkflowVersion> builder)
    {
        builder.Property(row => row.Digest).HasMaxLength(71);
        builder.Property(row => row.CreatedBy).HasMaxLength(256);
        builder.HasIndex(row => row.TeamId);
        builder.HasIndex(row => new { row.WorkflowId, row.Version }).IsUnique();
        builder.HasOne<Workflow>().WithMany().HasForeignKey(row => row.WorkflowId).OnDelete(DeleteBehavior.Restrict);
    }
}
