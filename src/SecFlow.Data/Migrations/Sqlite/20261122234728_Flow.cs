using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Flow : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
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

            migrationBuilder.CreateIndex(
                name: "IX_runs_parent_run_id",
                table: "runs",
                column: "parent_run_id");

            migrationBuilder.CreateIndex(
                name: "IX_node_runs_team_id_cache_key",
                table: "node_runs",
                columns: new[] { "team_id", "cache_key" },
                filter: "cache_key IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_runs_parent_run_id",
                table: "runs");

            migrationBuilder.DropIndex(
                name: "IX_node_runs_team_id_cache_key",
                table: "node_runs");

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
                name: "cache_key",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "cached_from_node_run_id",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "chunks_done",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "chunks_total",
                table: "node_runs");
        }
    }
}
