using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Tools : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "tool",
                table: "node_runs",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "tool_version",
                table: "node_runs",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "tools",
                table: "node_runs",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "tool",
                table: "findings",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "tool_version",
                table: "findings",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateTable(
                name: "tools",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    set_path = table.Column<string>(type: "TEXT", maxLength: 4096, nullable: true),
                    path = table.Column<string>(type: "TEXT", maxLength: 4096, nullable: true),
                    digest = table.Column<string>(type: "TEXT", maxLength: 71, nullable: true),
                    version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    accepted_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    accepted_at = table.Column<long>(type: "INTEGER", nullable: false),
                    found_digest = table.Column<string>(type: "TEXT", maxLength: 71, nullable: true),
                    found_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_tools", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_tools_name",
                table: "tools",
                column: "name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "tools");

            migrationBuilder.DropColumn(
                name: "tool",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "tool_version",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "tools",
                table: "node_runs");

            migrationBuilder.DropColumn(
                name: "tool",
                table: "findings");

            migrationBuilder.DropColumn(
                name: "tool_version",
                table: "findings");
        }
    }
}
