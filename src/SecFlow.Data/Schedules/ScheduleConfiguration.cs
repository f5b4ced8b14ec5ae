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
        builder.HasIndex(row => new { row.TeamId, row.Name });
        builder.HasOne<Workflow>().WithMany().HasForeignKey(row => row.WorkflowId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}
