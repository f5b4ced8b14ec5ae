using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Orchestration : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_node_runs_team_id",
                table: "node_runs");

            migrationBuilder.AddColumn<long>(
                name: "served_at",
                table: "teams",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "chunk",
                table: "staged_records",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "decided_until",
                table: "schedules",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "ends_at",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "interval_seconds",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "jitter_seconds",
                table: "schedules",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "kind",
                table: "schedules",
                type: "TEXT",
                maxLength: 32,
                nullable: false,
                defaultValue: "Cron");

            migrationBuilder.AddColumn<Guid>(
                name: "last_run_id",
                table: "schedules",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "misfire",
                table: "schedules",
                type: "TEXT",
                maxLength: 32,
                nullable: false,
                defaultValue: "Once");

            migrationBuilder.AddColumn<string>(
                name: "overlap",
                table: "schedules",
                type: "TEXT",
                maxLength: 32,
                nullable: false,
                defaultValue: "Skip");

            migrationBuilder.AddColumn<int>(
                name: "priority",
                table: "schedules",
                type: "INTEGER",
                nullable: false,
                defaultValue: 5);

            migrationBuilder.AddColumn<int>(
                name: "revision",
                table: "schedules",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<long>(
                name: "run_at",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "starts_at",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "stopped_at",
                table: "schedules",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "stopped_reason",
                table: "schedules",
                type: "TEXT",
                maxLength: 1000,
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "after_run_id",
                table: "runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "cascade_depth",
                table: "runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "parent_node_id",
                table: "runs",
                type: "TEXT",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "parent_run_id",
                table: "runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "pause_reason",
                table: "runs",
                type: "TEXT",
                maxLength: 500,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "pause_requested_at",
                table: "runs",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "pause_requested_by",
                table: "runs",
                type: "TEXT",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "paused_at",
                table: "runs",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "paused_seconds",
                table: "runs",
                type: "REAL",
                nullable: false,
                defaultValue: 0.0);

            migrationBuilder.AddColumn<string>(
                name: "request_digest",
                table: "runs",
                type: "TEXT",
                maxLength: 80,
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "rerun",
                table: "runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "retry_from",
                table: "runs",
                type: "TEXT",
                maxLength: 200,
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "retry_of",
                table: "runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "sub_workflows",
                table: "runs",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "owner",
                table: "plugin_versions",
                type: "TEXT",
                maxLength: 2000,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "submitted_at",
                table: "plugin_versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "submitted_by",
                table: "plugin_versions",
                type: "TEXT",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "cache_key",
                table: "node_runs",
                type: "TEXT",
                maxLength: 71,
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "cached_from_node_run_id",
                table: "node_runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "chunk_state",
                table: "node_runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "chunks_done",
                table: "node_runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "chunks_total",
                table: "node_runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "policy_revision",
                table: "node_runs",
                type: "TEXT",
                maxLength: 71,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "signer_identity",
                table: "node_runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "signer_key",
                table: "node_runs",
                type: "TEXT",
                maxLength: 71,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "skip_requested_at",
                table: "node_runs",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "skip_requested_by",
                table: "node_runs",
                type: "TEXT",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "trust_root",
                table: "node_runs",
                type: "TEXT",
                maxLength: 71,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "trust_root",
                table: "findings",
                type: "TEXT",
                maxLength: 71,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "trust_rule",
                table: "findings",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateTable(
                name: "alert_silences",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    subject = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    from = table.Column<long>(type: "INTEGER", nullable: false),
                    until = table.Column<long>(type: "INTEGER", nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_alert_silences", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "alerts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    severity = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    subject = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    words = table.Column<string>(type: "TEXT", maxLength: 1000, nullable: false),
                    link = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    count = table.Column<int>(type: "INTEGER", nullable: false),
                    first_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_at = table.Column<long>(type: "INTEGER", nullable: false),
                    acknowledged_at = table.Column<long>(type: "INTEGER", nullable: true),
                    closed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    closed_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    closed_reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    silenced = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_alerts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "blackouts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    schedule_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    window = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    stands_from = table.Column<long>(type: "INTEGER", nullable: true),
                    stands_until = table.Column<long>(type: "INTEGER", nullable: true),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revision = table.Column<int>(type: "INTEGER", nullable: false),
                    archived_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_blackouts", x => x.id);
                    table.ForeignKey(
                        name: "FK_blackouts_schedules_schedule_id",
                        column: x => x.schedule_id,
                        principalTable: "schedules",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_blackouts_teams_team_id",
                        column: x => x.team_id,
                        principalTable: "teams",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "metric_rollups",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    instrument = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    labels = table.Column<string>(type: "TEXT", maxLength: 400, nullable: false),
                    instance = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    count = table.Column<long>(type: "INTEGER", nullable: false),
                    sum = table.Column<double>(type: "REAL", nullable: false),
                    max = table.Column<double>(type: "REAL", nullable: false),
                    buckets = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_metric_rollups", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "node_attempts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    run_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    node_run_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    node_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    engine = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    began_at = table.Column<long>(type: "INTEGER", nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    status = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    error_code = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 1000, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_node_attempts", x => x.id);
                    table.ForeignKey(
                        name: "FK_node_attempts_node_runs_node_run_id",
                        column: x => x.node_run_id,
                        principalTable: "node_runs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_node_attempts_runs_run_id",
                        column: x => x.run_id,
                        principalTable: "runs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "plugin_comments",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    plugin_version_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    author = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    text = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_plugin_comments", x => x.id);
                    table.ForeignKey(
                        name: "FK_plugin_comments_plugin_versions_plugin_version_id",
                        column: x => x.plugin_version_id,
                        principalTable: "plugin_versions",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "plugin_pins",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    plugin_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    digest = table.Column<string>(type: "TEXT", maxLength: 71, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    pinned_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    pinned_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_plugin_pins", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "queue_limits",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    plugin_id = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    most_runs = table.Column<int>(type: "INTEGER", nullable: false),
                    set_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    set_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_queue_limits", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "raw_outputs",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    run_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    node_run_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 300, nullable: false),
                    tool = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    size = table.Column<long>(type: "INTEGER", nullable: false),
                    blob_digest = table.Column<string>(type: "TEXT", maxLength: 71, nullable: false),
                    truncated = table.Column<bool>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_raw_outputs", x => x.id);
                    table.ForeignKey(
                        name: "FK_raw_outputs_node_runs_node_run_id",
                        column: x => x.node_run_id,
                        principalTable: "node_runs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_raw_outputs_runs_run_id",
                        column: x => x.run_id,
                        principalTable: "runs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "reparses",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    run_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    node_run_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    node_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    plugin_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    from_version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    from_digest = table.Column<string>(type: "TEXT", maxLength: 71, nullable: false),
                    to_version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    to_digest = table.Column<string>(type: "TEXT", maxLength: 71, nullable: false),
                    signer = table.Column<string>(type: "TEXT", nullable: false),
                    by = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    added = table.Column<int>(type: "INTEGER", nullable: false),
                    changed = table.Column<int>(type: "INTEGER", nullable: false),
                    same = table.Column<int>(type: "INTEGER", nullable: false),
                    gone = table.Column<int>(type: "INTEGER", nullable: false),
                    rejected = table.Column<int>(type: "INTEGER", nullable: false),
                    changes = table.Column<string>(type: "TEXT", nullable: false),
                    notes = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_reparses", x => x.id);
                    table.ForeignKey(
                        name: "FK_reparses_node_runs_node_run_id",
                        column: x => x.node_run_id,
                        principalTable: "node_runs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_reparses_runs_run_id",
                        column: x => x.run_id,
                        principalTable: "runs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "timings",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    run_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workflow_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    node_id = table.Column<string>(type: "TEXT", maxLength: 127, nullable: false),
                    plugin_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    targets = table.Column<int>(type: "INTEGER", nullable: false),
                    seconds = table.Column<double>(type: "REAL", nullable: false),
                    median_seconds = table.Column<double>(type: "REAL", nullable: true),
                    deviation_seconds = table.Column<double>(type: "REAL", nullable: true),
                    samples = table.Column<int>(type: "INTEGER", nullable: false),
                    slow = table.Column<bool>(type: "INTEGER", nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_timings", x => x.id);
                    table.ForeignKey(
                        name: "FK_timings_runs_run_id",
                        column: x => x.run_id,
                        principalTable: "runs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "webhook_deliveries",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    alert_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    body = table.Column<string>(type: "TEXT", nullable: false),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    next_at = table.Column<long>(type: "INTEGER", nullable: true),
                    delivered_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_answer = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_webhook_deliveries", x => x.id);
                    table.ForeignKey(
                        name: "FK_webhook_deliveries_teams_team_id",
                        column: x => x.team_id,
                        principalTable: "teams",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "webhooks",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    url = table.Column<string>(type: "TEXT", maxLength: 2048, nullable: false),
                    approved_address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    approved_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    protected_secret = table.Column<string>(type: "TEXT", nullable: false),
                    enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revision = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_webhooks", x => x.id);
                    table.ForeignKey(
                        name: "FK_webhooks_teams_team_id",
                        column: x => x.team_id,
                        principalTable: "teams",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_schedules_next_fire_at",
                table: "schedules",
                column: "next_fire_at");

            migrationBuilder.CreateIndex(
                name: "IX_runs_parent_run_id",
                table: "runs",
                column: "parent_run_id");

            migrationBuilder.CreateIndex(
                name: "IX_runs_team_id_ended_at",
                table: "runs",
                columns: new[] { "team_id", "ended_at" });

            migrationBuilder.CreateIndex(
                name: "IX_node_runs_team_id_cache_key",
                table: "node_runs",
                columns: new[] { "team_id", "cache_key" },
                filter: "cache_key IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_node_runs_team_id_ended_at",
                table: "node_runs",
                columns: new[] { "team_id", "ended_at" });

            migrationBuilder.CreateIndex(
                name: "IX_node_runs_team_id_plugin_digest",
                table: "node_runs",
                columns: new[] { "team_id", "plugin_digest" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_events_team_id_outcome_time",
                table: "audit_events",
                columns: new[] { "team_id", "outcome", "time" });

            migrationBuilder.CreateIndex(
                name: "IX_alert_silences_team_id_until",
                table: "alert_silences",
                columns: new[] { "team_id", "until" });

            migrationBuilder.CreateIndex(
                name: "IX_alerts_team_id_kind_subject",
                table: "alerts",
                columns: new[] { "team_id", "kind", "subject" },
                unique: true,
                filter: "closed_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_alerts_team_id_last_at",
                table: "alerts",
                columns: new[] { "team_id", "last_at" });

            migrationBuilder.CreateIndex(
                name: "IX_blackouts_schedule_id",
                table: "blackouts",
                column: "schedule_id");

            migrationBuilder.CreateIndex(
                name: "IX_blackouts_team_id_stands_until",
                table: "blackouts",
                columns: new[] { "team_id", "stands_until" });

            migrationBuilder.CreateIndex(
                name: "IX_metric_rollups_seconds_at_instance_team_id_instrument_labels",
                table: "metric_rollups",
                columns: new[] { "seconds", "at", "instance", "team_id", "instrument", "labels" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_metric_rollups_team_id_instrument_seconds_at",
                table: "metric_rollups",
                columns: new[] { "team_id", "instrument", "seconds", "at" });

            migrationBuilder.CreateIndex(
                name: "IX_node_attempts_node_run_id_attempt",
                table: "node_attempts",
                columns: new[] { "node_run_id", "attempt" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_node_attempts_run_id",
                table: "node_attempts",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "IX_node_attempts_team_id",
                table: "node_attempts",
                column: "team_id");

            migrationBuilder.CreateIndex(
                name: "IX_plugin_comments_plugin_version_id",
                table: "plugin_comments",
                column: "plugin_version_id");

            migrationBuilder.CreateIndex(
                name: "IX_plugin_pins_plugin_id",
                table: "plugin_pins",
                column: "plugin_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_queue_limits_team_id_plugin_id",
                table: "queue_limits",
                columns: new[] { "team_id", "plugin_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_raw_outputs_node_run_id_name",
                table: "raw_outputs",
                columns: new[] { "node_run_id", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_raw_outputs_run_id",
                table: "raw_outputs",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "IX_raw_outputs_team_id",
                table: "raw_outputs",
                column: "team_id");

            migrationBuilder.CreateIndex(
                name: "IX_reparses_node_run_id",
                table: "reparses",
                column: "node_run_id");

            migrationBuilder.CreateIndex(
                name: "IX_reparses_run_id_at",
                table: "reparses",
                columns: new[] { "run_id", "at" });

            migrationBuilder.CreateIndex(
                name: "IX_reparses_team_id",
                table: "reparses",
                column: "team_id");

            migrationBuilder.CreateIndex(
                name: "IX_timings_run_id_node_id",
                table: "timings",
                columns: new[] { "run_id", "node_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_timings_team_id_ended_at",
                table: "timings",
                columns: new[] { "team_id", "ended_at" });

            migrationBuilder.CreateIndex(
                name: "IX_timings_team_id_workflow_id_node_id_plugin_id_targets_ended_at",
                table: "timings",
                columns: new[] { "team_id", "workflow_id", "node_id", "plugin_id", "targets", "ended_at" });

            migrationBuilder.CreateIndex(
                name: "IX_webhook_deliveries_next_at",
                table: "webhook_deliveries",
                column: "next_at",
                filter: "next_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_webhook_deliveries_team_id_created_at",
                table: "webhook_deliveries",
                columns: new[] { "team_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "IX_webhooks_team_id",
                table: "webhooks",
                column: "team_id",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "alert_silences");

            migrationBuilder.DropTable(
                name: "alerts");

            migrationBuilder.DropTable(
                name: "blackouts");

            migrationBuilder.DropTable(
                name: "metric_rollups");

            migrationBuilder.DropTable(
                name: "node_attempts");

            migrationBuilder.DropTable(
                name: "plugin_comments");

            migrationBuilder.DropTable(
                name: "plugin_pins");

            migrationBuilder.DropTable(
                name: "queue_limits");

            migrationBuilder.DropTable(
                name: "raw_outputs");

            migrationBuilder.DropTable(
                name: "reparses");

            migrationBuilder.DropTable(
                name: "timings");

            migrationBuilder.DropTable(
                name: "webhook_deliveries");

            migrationBuilder.DropTable(
                name: "webhooks");

            migrationBuilder.DropIndex(
                name: "IX_schedules_next_fire_at",
                table: "schedules");

            migrationBuilder.DropIndex(
                name: "IX_runs_parent_run_id",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "IX_runs_team_id_ended_at",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "IX_node_runs_team_id_cache_key",
                table: "node_runs");

            migrationBuilder.DropIndex(
                name: "IX_node_runs_team_id_ended_at",
                table: "node_runs");

            migrationBuilder.DropIndex(
                name: "IX_node_runs_team_id_plugin_digest",
                table: "node_runs");

            migrationBuilder.DropIndex(
                name: "IX_audit_events_team_id_outcome_time",
                table: "audit_events");

            migrationBuilder.DropColumn(
                name: "served_at",
                table: "teams");

            migrationBuilder.DropColumn(
                name: "chunk",
                table: "staged_records");

            migrationBuilder.DropColumn(
                name: "decided_until",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "ends_at",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "interval_seconds",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "jitter_seconds",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "kind",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "last_run_id",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "misfire",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "overlap",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "priority",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "revision",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "run_at",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "starts_at",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "stopped_at",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "stopped_reason",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "after_run_id",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "cascade_depth",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "parent_node_id",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "parent_run_id",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "pause_reason",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "pause_requested_at",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "pause_requested_by",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "paused_at",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "paused_seconds",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "request_digest",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "rerun",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "retry_from",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "retry_of",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "sub_workflows",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "owner",
                table: "plugin_versions");

            migrationBuilder.DropColumn(
                name: "submitted_at",
                table: "plugin_versions");

            migrationBuilder.DropColumn(
                name: "submitted_by",
                table: "plugin_versions");

            migrationBuilder.DropColumn(
                name: "cache_key",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "cached_from_node_run_id",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "chunk_state",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "chunks_done",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "chunks_total",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "policy_revision",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "signer_identity",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "signer_key",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "skip_requested_at",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "skip_requested_by",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "trust_root",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "trust_root",
                table: "findings");

            migrationBuilder.DropColumn(
                name: "trust_rule",
                table: "findings");

            migrationBuilder.CreateIndex(
                name: "IX_node_runs_team_id",
                table: "node_runs",
                column: "team_id");
        }
    }
}
