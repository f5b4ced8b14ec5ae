using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Plugins;

/// <summary>Of this plugin id exactly this version runs, in the whole installation, also when a newer one is enabled.</summary>
public sealed class PluginPin
{
    public Guid Id { get; set; }

    public string PluginId { get; set; } = "";

    /// <summary>SemVer of the version, for people.</summary>
    public string Version { get; set; } = "";

    /// <summary>Its package digest.</summary>
    public string Digest { get; set; } = "";

    public string Reason { get; set; } = "";

    public string PinnedBy { get; set; } = "";

    public DateTimeOffset PinnedAt { get; set; }
}

internal sealed class PluginPinConfiguration : IEntityTypeConfiguration<PluginPin>
{
    public void Configure(EntityTypeBuilder<PluginPin> builder)
    {
        builder.Property(row => row.PluginId).HasMaxLength(200);
        builder.Property(row => row.Version).HasMaxLength(100);
        builder.Property(row => row.Digest).HasMaxLength(71);
        builder.Property(row => row.Reason).HasMaxLength(500);
        builder.Property(row => row.PinnedBy).HasMaxLength(256);
        builder.HasIndex(row => row.PluginId).IsUnique();
    }
}
