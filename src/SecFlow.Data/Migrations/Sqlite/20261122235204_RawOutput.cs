using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class RawOutput : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
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
                    node_id = table.Column<string>(type: "TEXT", maxLength: 63, nullable: false),
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
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "raw_outputs");

            migrationBuilder.DropTable(
                name: "reparses");
        }
    }
}
