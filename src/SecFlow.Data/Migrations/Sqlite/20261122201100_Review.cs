using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Review : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
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

            migrationBuilder.CreateIndex(
                name: "IX_plugin_comments_plugin_version_id",
                table: "plugin_comments",
                column: "plugin_version_id");

            migrationBuilder.CreateIndex(
                name: "IX_plugin_pins_plugin_id",
                table: "plugin_pins",
                column: "plugin_id",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "plugin_comments");

            migrationBuilder.DropTable(
                name: "plugin_pins");

            migrationBuilder.DropColumn(
                name: "owner",
                table: "plugin_versions");

            migrationBuilder.DropColumn(
                name: "submitted_at",
                table: "plugin_versions");

            migrationBuilder.DropColumn(
                name: "submitted_by",
                table: "plugin_versions");
        }
    }
}
