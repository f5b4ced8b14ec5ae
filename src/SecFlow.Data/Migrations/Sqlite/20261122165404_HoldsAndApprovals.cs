using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class HoldsAndApprovals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "administers_installation",
                table: "users",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "owner_id",
                table: "schedules",
                type: "TEXT",
                maxLength: 100,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "owner_kind",
                table: "schedules",
                type: "TEXT",
                maxLength: 32,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "approval",
                table: "plugin_versions",
                type: "TEXT",
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "approval_reason",
                table: "plugin_versions",
                type: "TEXT",
                maxLength: 500,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "first_approval_at",
                table: "plugin_versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "first_approval_by",
                table: "plugin_versions",
                type: "TEXT",
                maxLength: 256,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "holds",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    team_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    begun_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    begun_at = table.Column<long>(type: "INTEGER", nullable: false),
                    stopped_runs = table.Column<int>(type: "INTEGER", nullable: false),
                    ended_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    end_reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_holds", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_holds_team_id",
                table: "holds",
                column: "team_id",
                unique: true,
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_holds_team_id_begun_at",
                table: "holds",
                columns: new[] { "team_id", "begun_at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "holds");

            migrationBuilder.DropColumn(
                name: "administers_installation",
                table: "users");

            migrationBuilder.DropColumn(
                name: "owner_id",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "owner_kind",
                table: "schedules");

            migrationBuilder.DropColumn(
                name: "approval",
                table: "plugin_versions");

            migrationBuilder.DropColumn(
                name: "approval_reason",
                table: "plugin_versions");

            migrationBuilder.DropColumn(
                name: "first_approval_at",
                table: "plugin_versions");

            migrationBuilder.DropColumn(
                name: "first_approval_by",
                table: "plugin_versions");
        }
    }
}
