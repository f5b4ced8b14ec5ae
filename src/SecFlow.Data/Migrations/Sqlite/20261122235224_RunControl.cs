using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class RunControl : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
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
                maxLength: 63,
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "retry_of",
                table: "runs",
                type: "TEXT",
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
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
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
                name: "rerun",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "retry_from",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "retry_of",
                table: "runs");

            migrationBuilder.DropColumn(
                name: "skip_requested_at",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "skip_requested_by",
                table: "node_runs");
        }
    }
}
