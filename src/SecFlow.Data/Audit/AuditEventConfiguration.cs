using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Audit;

internal sealed class AuditEventConfiguration : IEntityTypeConfiguration<AuditEvent>
{
    public void Configure(EntityTypeBuilder<AuditEvent> builder)
    {
        builder.HasKey(row => row.Seq);
        builder.Property(row => row.Seq).ValueGeneratedNever();
        builder.Property(row => row.ActorId).HasMaxLength(100);
        builder.Property(row => row.ActorName).HasMaxLength(256);
        builder.Property(row => row.Action).HasMaxLength(100);
        builder.Property(row => row.ResourceKind).HasMaxLength(50);
        builder.Property(row => row.ResourceId).HasMaxLength(256);
        builder.Property(row => row.ResourceName).HasMaxLength(512);
        builder.Property(row => row.ReasonCode).HasMaxLength(16);
        builder.Property(row => row.TraceId).HasMaxLength(64);
        builder.HasIndex(row => new { row.TeamId, row.Seq });
        builder.HasIndex(row => new { row.TeamId, row.Action, row.Seq });
        builder.HasIndex(row => new { row.ActorId, row.Seq });

        // What was refused lately, for the alert rules.
        builder.HasIndex(row => new { row.TeamId, row.Outcome, row.Time });
    }
}
