using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Blackouts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_blackouts_team_id",
                table: "blackouts");

            migrationBuilder.AddColumn<long>(
                name: "stands_from",
                table: "blackouts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "stands_until",
                table: "blackouts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_blackouts_team_id_stands_until",
                table: "blackouts",
                columns: new[] { "team_id", "stands_until" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_blackouts_team_id_stands_until",
                table: "blackouts");

            migrationBuilder.DropColumn(
                name: "stands_from",
                table: "blackouts");

            migrationBuilder.DropColumn(
                name: "stands_until",
                table: "blackouts");

            migrationBuilder.CreateIndex(
                name: "IX_blackouts_team_id",
                table: "blackouts",
                column: "team_id");
        }
    }
}
