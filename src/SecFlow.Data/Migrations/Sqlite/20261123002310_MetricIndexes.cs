using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class MetricIndexes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "IX_runs_team_id_ended_at",
                table: "runs",
                columns: new[] { "team_id", "ended_at" });

            migrationBuilder.CreateIndex(
                name: "IX_node_runs_team_id_ended_at",
                table: "node_runs",
                columns: new[] { "team_id", "ended_at" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_events_team_id_outcome_time",
                table: "audit_events",
                columns: new[] { "team_id", "outcome", "time" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_runs_team_id_ended_at",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "IX_node_runs_team_id_ended_at",
                table: "node_runs");

            migrationBuilder.DropIndex(
                name: "IX_audit_events_team_id_outcome_time",
                table: "audit_events");
        }
    }
}
