using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using SecFlow.Data;

namespace SecFlow.Migrations;

/// <summary>Contexts for the EF Core tool; it compares models and never connects.</summary>
public sealed class SqliteFactory : IDesignTimeDbContextFactory<SqliteSecFlowContext>
{
    public SqliteSecFlowContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteSecFlowContext>().UseSqlite("Data Source=unused.db").Options);
}

public sealed class PostgresFactory : IDesignTimeDbContextFactory<PostgresSecFlowContext>
{
    public PostgresSecFlowContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresSecFlowContext>().UseNpgsql("Host=unused").Options);
}
