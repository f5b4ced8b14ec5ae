using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Holds;
using SecFlow.Data.Metrics;
using SecFlow.Data.Plugins;
using SecFlow.Data.Resources;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Data.Tools;
using SecFlow.Data.Trust;
using SecFlow.Data.Workflows;

namespace SecFlow.Data;

/// <summary>Everything that is stored. Seen only by this project's stores; one derived context and migration set per database.</summary>
public abstract class SecFlowContext(DbContextOptions options) : IdentityDbContext<User, IdentityRole<Guid>, Guid>(options)
{
    public DbSet<Team> Teams => Set<Team>();

    public DbSet<Membership> Memberships => Set<Membership>();

    public DbSet<ApiToken> ApiTokens => Set<ApiToken>();

    public DbSet<SignInLink> SignInLinks => Set<SignInLink>();

    public DbSet<FirstStep> FirstSteps => Set<FirstStep>();

    public DbSet<Target> Targets => Set<Target>();

    public DbSet<TargetSecret> TargetSecrets => Set<TargetSecret>();

    public DbSet<Workflow> Workflows => Set<Workflow>();

    public DbSet<WorkflowVersion> WorkflowVersions => Set<WorkflowVersion>();

    public DbSet<Schedule> Schedules => Set<Schedule>();

    public DbSet<Blackout> Blackouts => Set<Blackout>();

    public DbSet<Run> Runs => Set<Run>();

    public DbSet<NodeRun> NodeRuns => Set<NodeRun>();

    public DbSet<NodeAttempt> NodeAttempts => Set<NodeAttempt>();

    public DbSet<QueueLimit> QueueLimits => Set<QueueLimit>();

    public DbSet<RunEvent> RunEvents => Set<RunEvent>();

    public DbSet<Dataset> Datasets => Set<Dataset>();

    public DbSet<Artifact> Artifacts => Set<Artifact>();

    public DbSet<RawOutput> RawOutputs => Set<RawOutput>();

    public DbSet<Reparse> Reparses => Set<Reparse>();

    public DbSet<Assessment> Assessments => Set<Assessment>();

    public DbSet<StagedRecord> StagedRecords => Set<StagedRecord>();

    public DbSet<Finding> Findings => Set<Finding>();

    public DbSet<Occurrence> Occurrences => Set<Occurrence>();

    public DbSet<FindingChange> FindingChanges => Set<FindingChange>();

    public DbSet<Hold> Holds => Set<Hold>();

    public DbSet<PluginVersion> PluginVersions => Set<PluginVersion>();

    public DbSet<PluginComment> PluginComments => Set<PluginComment>();

    public DbSet<PluginPin> PluginPins => Set<PluginPin>();

    public DbSet<Resource> Resources => Set<Resource>();

    public DbSet<Tool> Tools => Set<Tool>();

    public DbSet<TrustPolicyRevision> TrustPolicyRevisions => Set<TrustPolicyRevision>();

    public DbSet<MetricRollup> MetricRollups => Set<MetricRollup>();

    public DbSet<Timing> Timings => Set<Timing>();

    public DbSet<Alert> Alerts => Set<Alert>();

    public DbSet<AlertSilence> AlertSilences => Set<AlertSilence>();

    public DbSet<Webhook> Webhooks => Set<Webhook>();

    public DbSet<WebhookDelivery> WebhookDeliveries => Set<WebhookDelivery>();

    public DbSet<AuditEvent> AuditEvents => Set<AuditEvent>();

    public DbSet<AuditCheckpoint> AuditCheckpoints => Set<AuditCheckpoint>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicksConverter>();
        configurationBuilder.Properties<Enum>().HaveConversion<string>().HaveMaxLength(32);
        // Ordered ones are compared and sorted by the database: as words they would sort by the alphabet.
        configurationBuilder.Properties<Severity>().HaveConversion<int>();
        configurationBuilder.Properties<TeamRole>().HaveConversion<int>();
        configurationBuilder.Properties<Intrusiveness>().HaveConversion<int>();
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.ApplyConfigurationsFromAssembly(typeof(SecFlowContext).Assembly);
        SnakeCaseNames.Apply(builder);
    }

    /// <summary>Times are stored as UTC ticks: equal, ordered and exact on both databases.</summary>
    private sealed class UtcTicksConverter() : ValueConverter<DateTimeOffset, long>(
        time => time.UtcTicks,
        ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
}

public sealed class SqliteSecFlowContext(DbContextOptions<SqliteSecFlowContext> options) : SecFlowContext(options);

public sealed class PostgresSecFlowContext(DbContextOptions<PostgresSecFlowContext> options) : SecFlowContext(options);
