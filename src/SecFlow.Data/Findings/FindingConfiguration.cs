using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using SecFlow.Data.Teams;

namespace SecFlow.Data.Findings;

internal sealed class FindingConfiguration : IEntityTypeConfiguration<Finding>
{
    public void Configure(EntityTypeBuilder<Finding> builder)
    {
        builder.Property(row => row.Fingerprint).HasMaxLength(64);
        builder.Property(row => row.RuleId).HasMaxLength(300);
        builder.Property(row => row.Title).HasMaxLength(200);
        builder.Property(row => row.Target).HasMaxLength(2048);
        builder.Property(row => row.Assignee).HasMaxLength(256);
        builder.Property(row => row.PluginId).HasMaxLength(200);
        builder.Property(row => row.PluginVersion).HasMaxLength(100);
        builder.Property(row => row.PluginDigest).HasMaxLength(71);
        builder.Property(row => row.PolicyRevision).HasMaxLength(100);
        builder.Property(row => row.TrustRoot).HasMaxLength(71);
        builder.Property(row => row.TraceId).HasMaxLength(64);
        builder.HasIndex(row => new { row.TeamId, row.Fingerprint }).IsUnique();
        builder.HasIndex(row => new { row.TeamId, row.Status, row.Severity, row.LastSeenAt });
        builder.HasIndex(row => new { row.TeamId, row.LastSeenAt });
        builder.HasIndex(row => new { row.TeamId, row.TargetId });
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Restrict);
    }
}
