using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SecFlow.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class SubWorkflows : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "sub_workflows",
                table: "runs",
                type: "TEXT",
                nullable: false,
                defaultValue: "[]");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "sub_workflows",
                table: "runs");
        }
    }
}
