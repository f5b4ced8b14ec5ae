using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using SecFlow.Data.Teams;

namespace SecFlow.Data.Alerts;

internal sealed class AlertConfiguration : IEntityTypeConfiguration<Alert>
{
    public void Configure(EntityTypeBuilder<Alert> builder)
    {
        builder.Property(row => row.Subject).HasMaxLength(200);
        builder.Property(row => row.Words).HasMaxLength(1000);
        builder.Property(row => row.Link).HasMaxLength(200);
        builder.Property(row => row.ClosedBy).HasMaxLength(256);
        builder.Property(row => row.ClosedReason).HasMaxLength(500);

        // No foreign key to the team: an empty team means the installation. At most one of a subject is open.
        builder.HasIndex(row => new { row.TeamId, row.Kind, row.Subject }).IsUnique().HasFilter("closed_at IS NULL");
        builder.HasIndex(row => new { row.TeamId, row.LastAt });
    }
}

internal sealed class AlertSilenceConfiguration : IEntityTypeConfiguration<AlertSilence>
{
    public void Configure(EntityTypeBuilder<AlertSilence> builder)
    {
        builder.Property(row => row.Subject).HasMaxLength(200);
        builder.Property(row => row.Reason).HasMaxLength(500);
        builder.Property(row => row.CreatedBy).HasMaxLength(256);
        builder.Property(row => row.EndedBy).HasMaxLength(256);
        builder.HasIndex(row => new { row.TeamId, row.Until });
    }
}

internal sealed class WebhookConfiguration : IEntityTypeConfiguration<Webhook>
{
    public void Configure(EntityTypeBuilder<Webhook> builder)
    {
        builder.Property(row => row.Url).HasMaxLength(2048);
        builder.Property(row => row.ApprovedAddress).HasMaxLength(64);
        builder.Property(row => row.ApprovedBy).HasMaxLength(256);
        builder.Property(row => row.CreatedBy).HasMaxLength(256);
        builder.HasIndex(row => row.TeamId).IsUnique();
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class WebhookDeliveryConfiguration : IEntityTypeConfiguration<WebhookDelivery>
{
    public void Configure(EntityTypeBuilder<WebhookDelivery> builder)
    {
        builder.Property(row => row.LastAnswer).HasMaxLength(500);
        builder.HasIndex(row => row.NextAt).HasFilter("next_at IS NOT NULL");
        builder.HasIndex(row => new { row.TeamId, row.CreatedAt });
        builder.HasOne<Team>().WithMany().HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}
