using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Postgres
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
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "tool_version",
                table: "node_runs",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "tools",
                table: "node_runs",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "tool",
                table: "findings",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "tool_version",
                table: "findings",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateTable(
                name: "tools",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    set_path = table.Column<string>(type: "character varying(4096)", maxLength: 4096, nullable: true),
                    path = table.Column<string>(type: "character varying(4096)", maxLength: 4096, nullable: true),
                    digest = table.Column<string>(type: "character varying(71)", maxLength: 71, nullable: true),
                    version = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    accepted_by = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    accepted_at = table.Column<long>(type: "bigint", nullable: false),
                    found_digest = table.Column<string>(type: "character varying(71)", maxLength: 71, nullable: true),
                    found_at = table.Column<long>(type: "bigint", nullable: true)
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
