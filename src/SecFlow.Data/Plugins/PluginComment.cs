using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Plugins;

/// <summary>One entry in the review of a plugin version: a remark, or a step of its life with its reason. Read by every team, as the plugin is.</summary>
public sealed class PluginComment
{
    public Guid Id { get; set; }

    public Guid PluginVersionId { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>Who wrote it or took the step, as people know them.</summary>
    public string Author { get; set; } = "";

    /// <summary>The state that the step led to; null for a remark, and for the first of two approvals.</summary>
    public PluginState? State { get; set; }

    /// <summary>1..2000 characters.</summary>
    public string Text { get; set; } = "";
}

internal sealed class PluginCommentConfiguration : IEntityTypeConfiguration<PluginComment>
{
    public void Configure(EntityTypeBuilder<PluginComment> builder)
    {
        builder.Property(row => row.Author).HasMaxLength(256);
        builder.Property(row => row.Text).HasMaxLength(2000);
        builder.HasIndex(row => row.PluginVersionId);
        builder.HasOne<PluginVersion>().WithMany().HasForeignKey(row => row.PluginVersionId).OnDelete(DeleteBehavior.Cascade);
    }
}
