using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Schedules : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "decided_until",
                table: "schedules",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "ends_at",
                table: "schedules",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "interval_seconds",
                table: "schedules",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "jitter_seconds",
                table: "schedules",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<string>(
                name: "kind",
                table: "schedules",
                type: "character varying(32)",
                maxLength: 32,
                nullable: false,
                defaultValue: "Cron");

            migrationBuilder.AddColumn<Guid>(
                name: "last_run_id",
                table: "schedules",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "misfire",
                table: "schedules",
                type: "character varying(32)",
                maxLength: 32,
                nullable: false,
                defaultValue: "Once");

            migrationBuilder.AddColumn<string>(
                name: "overlap",
                table: "schedules",
                type: "character varying(32)",
                maxLength: 32,
                nullable: false,
                defaultValue: "Skip");

            migrationBuilder.AddColumn<int>(
                name: "priority",
                table: "schedules",
                type: "integer",
                nullable: false,
                defaultValue: 5);

            migrationBuilder.AddColumn<int>(
                name: "revision",
                table: "schedules",
                type: "integer",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<long>(
                name: "run_at",
                table: "schedules",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "starts_at",
                table: "schedules",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "stopped_at",
                table: "schedules",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "stopped_reason",
                table: "schedules",
                type: "character varying(1000)",
                maxLength: 1000,
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "after_run_id",
                table: "runs",
                type: "uuid",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "blackouts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: false),
                    schedule_id = table.Column<Guid>(type: "uuid", nullable: true),
                    name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    window = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    created_by = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    revision = table.Column<int>(type: "integer", nullable: false),
                    archived_at = table.Column<long>(type: "bigint", nullable: true)
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

            migrationBuilder.CreateIndex(
                name: "IX_schedules_next_fire_at",
                table: "schedules",
                column: "next_fire_at");

            migrationBuilder.CreateIndex(
                name: "IX_blackouts_schedule_id",
                table: "blackouts",
                column: "schedule_id");

            migrationBuilder.CreateIndex(
                name: "IX_blackouts_team_id",
                table: "blackouts",
                column: "team_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "blackouts");

            migrationBuilder.DropIndex(
                name: "IX_schedules_next_fire_at",
                table: "schedules");

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
        }
    }
}
