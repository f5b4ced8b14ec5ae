using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Plugins;

internal sealed class PluginVersionConfiguration : IEntityTypeConfiguration<PluginVersion>
{
    public void Configure(EntityTypeBuilder<PluginVersion> builder)
    {
        builder.Property(row => row.PluginId).HasMaxLength(200);
        builder.Property(row => row.Version).HasMaxLength(100);
        builder.Property(row => row.Digest).HasMaxLength(71);
        builder.Property(row => row.Title).HasMaxLength(100);
        builder.Property(row => row.Description).HasMaxLength(500);
        builder.Property(row => row.TrustState).HasMaxLength(32);
        builder.Property(row => row.SubmittedBy).HasMaxLength(256);
        builder.Property(row => row.Owner).HasMaxLength(2000);
        builder.Property(row => row.FirstApprovalBy).HasMaxLength(256);
        builder.Property(row => row.ApprovalReason).HasMaxLength(500);
        builder.Property(row => row.ApprovedBy).HasMaxLength(256);
        // No foreign key to the team: an empty team means the installation.
        builder.HasIndex(row => new { row.TeamId, row.Digest }).IsUnique();
        builder.HasIndex(row => new { row.TeamId, row.PluginId });
    }
}
