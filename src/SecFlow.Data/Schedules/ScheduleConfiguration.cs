using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using SecFlow.Data.Teams;
using SecFlow.Data.Workflows;

namespace SecFlow.Data.Schedules;

internal sealed class ScheduleConfiguration : IEntityTypeConfiguration<Schedule>
{
    public void Configure(EntityTypeBuilder<Schedule> builder)
    {
        builder.Property(row => row.Name).HasMaxLength(100);
        builder.Property(row => row.Cron).HasMaxLength(200);
        builder.Property(row => row.Zone).HasMaxLength(64);
        builder.Property(row => row.TargetTags).HasMaxLength(500);
        builder.Property(row => row.Owner).HasMaxLength(256);
        builder.Property(row => row.OwnerId).HasMaxLength(100);
        builder.Property(row => row.StoppedReason).HasMaxLength(1000);
        builder.Property(row => row.Priority).HasDefaultValue(5).HasSentinel(-1);
        builder.Property(row => row.Revision).HasDefaultValue(1).HasSentinel(0);
        builder.Property(row => row.Kind).HasDefaultValue(ScheduleKind.Cron);
        builder.Property(row => row.Misfire).HasDefaultValue(MisfirePolicy.Once);
        builder.Property(row => row.Overlap).HasDefaultValue(OverlapPolicy.Skip);
        builder.HasIndex(row => new { row.TeamId, row.Name });
        // What is due is looked up over all teams.
        builder.HasIndex(row => row.NextFireAt);
        builder.HasOne<Workflow>().WithMany().HasForeignKey(row => row.WorkflowId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}
