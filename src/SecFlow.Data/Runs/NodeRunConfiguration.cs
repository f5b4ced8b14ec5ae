using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Runs;

internal sealed class NodeRunConfiguration : IEntityTypeConfiguration<NodeRun>
{
    public void Configure(EntityTypeBuilder<NodeRun> builder)
    {
        builder.Property(row => row.NodeId).HasMaxLength(200);
        builder.Property(row => row.PluginId).HasMaxLength(200);
        builder.Property(row => row.PluginVersion).HasMaxLength(100);
        builder.Property(row => row.PluginDigest).HasMaxLength(71);
        builder.Property(row => row.SkipRequestedBy).HasMaxLength(256);
        builder.Property(row => row.ErrorCode).HasMaxLength(16);
        builder.Property(row => row.PolicyRevision).HasMaxLength(71);
        builder.Property(row => row.TrustRoot).HasMaxLength(71);
        builder.Property(row => row.SignerKey).HasMaxLength(71);
        builder.Property(row => row.CacheKey).HasMaxLength(71);
        builder.HasIndex(row => new { row.TeamId, row.PluginDigest });
        builder.HasIndex(row => new { row.TeamId, row.EndedAt });
        builder.HasIndex(row => new { row.TeamId, row.CacheKey }).HasFilter("cache_key IS NOT NULL");
        builder.HasIndex(row => new { row.RunId, row.NodeId }).IsUnique();
        builder.HasOne<Run>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}
