using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SecFlow.Data.Resources;

internal sealed class ResourceConfiguration : IEntityTypeConfiguration<Resource>
{
    public void Configure(EntityTypeBuilder<Resource> builder)
    {
        builder.Property(row => row.Type).HasMaxLength(32);
        builder.Property(row => row.Name).HasMaxLength(100);
        builder.Property(row => row.Version).HasMaxLength(64);
        builder.Property(row => row.Digest).HasMaxLength(71);
        builder.Property(row => row.DataDate).HasMaxLength(10);
        builder.Property(row => row.Origin).HasMaxLength(300);
        builder.Property(row => row.ImportedBy).HasMaxLength(256);
        builder.HasIndex(row => new { row.Type, row.Name, row.Version }).IsUnique();
    }
}
