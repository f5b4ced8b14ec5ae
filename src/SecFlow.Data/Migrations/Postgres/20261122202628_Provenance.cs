using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Provenance : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_node_runs_team_id",
                table: "node_runs");

            migrationBuilder.AddColumn<string>(
                name: "policy_revision",
                table: "node_runs",
                type: "character varying(71)",
                maxLength: 71,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "signer_identity",
                table: "node_runs",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "signer_key",
                table: "node_runs",
                type: "character varying(71)",
                maxLength: 71,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "trust_root",
                table: "node_runs",
                type: "character varying(71)",
                maxLength: 71,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "trust_root",
                table: "findings",
                type: "character varying(71)",
                maxLength: 71,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "trust_rule",
                table: "findings",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateIndex(
                name: "IX_node_runs_team_id_plugin_digest",
                table: "node_runs",
                columns: new[] { "team_id", "plugin_digest" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_node_runs_team_id_plugin_digest",
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
