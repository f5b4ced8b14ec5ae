using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Tools;

internal sealed class ToolConfiguration : IEntityTypeConfiguration<Tool>
{
    public void Configure(EntityTypeBuilder<Tool> builder)
    {
        builder.Property(tool => tool.Name).HasMaxLength(64);
        builder.Property(tool => tool.SetPath).HasMaxLength(4096);
        builder.Property(tool => tool.Path).HasMaxLength(4096);
        builder.Property(tool => tool.Digest).HasMaxLength(71);
        builder.Property(tool => tool.FoundDigest).HasMaxLength(71);
        builder.Property(tool => tool.Version).HasMaxLength(100);
        builder.Property(tool => tool.AcceptedBy).HasMaxLength(256);
        builder.HasIndex(tool => tool.Name).IsUnique();
    }
}
