using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using SecFlow.Data.Teams;

namespace SecFlow.Data.Runs;

internal sealed class RunConfiguration : IEntityTypeConfiguration<Run>
{
    public void Configure(EntityTypeBuilder<Run> builder)
    {
        builder.Property(row => row.WorkflowName).HasMaxLength(100);
        builder.Property(row => row.StartedById).HasMaxLength(100);
        builder.Property(row => row.StartedByName).HasMaxLength(256);
        builder.Property(row => row.TargetTags).HasMaxLength(500);
        builder.Property(row => row.ScopeRevision).HasMaxLength(100);
        builder.Property(row => row.PolicyRevision).HasMaxLength(100);
        builder.Property(row => row.SandboxLevel).HasMaxLength(8);
        builder.Property(row => row.LeaseOwner).HasMaxLength(100);
        builder.Property(row => row.CancelRequestedBy).HasMaxLength(256);
        builder.Property(row => row.PauseRequestedBy).HasMaxLength(256);
        builder.Property(row => row.PauseReason).HasMaxLength(500);
        builder.Property(row => row.RetryFrom).HasMaxLength(200);
        builder.Property(row => row.ErrorCode).HasMaxLength(16);
        builder.Property(row => row.TraceId).HasMaxLength(64);
        builder.Property(row => row.IdempotencyKey).HasMaxLength(200);
        builder.Property(row => row.RequestDigest).HasMaxLength(80);
        builder.HasIndex(row => new { row.TeamId, row.QueuedAt });
        builder.HasIndex(row => new { row.TeamId, row.WorkflowId });
        builder.HasIndex(row => new { row.TeamId, row.EndedAt });
        builder.HasIndex(row => new { row.TeamId, row.IdempotencyKey }).IsUnique().HasFilter("idempotency_key IS NOT NULL");
        // The queue and the recovery after a crash look over all teams.
        builder.HasIndex(row => new { row.Status, row.Priority, row.QueuedAt });
        builder.HasIndex(row => row.ScheduleId);
        builder.Property(row => row.ParentNodeId).HasMaxLength(200);
        builder.HasIndex(row => row.ParentRunId);
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}
