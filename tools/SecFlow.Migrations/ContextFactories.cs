using Microsoft.EntityFrameworkCore.Design;
using SecFlow.Data;

namespace SecFlow.Migrations;

/// <summary>Contexts for the EF Core tool, made as the product makes them. The tool compares models and never connects.</summary>
public sealed class SqliteFactory : IDesignTimeDbContextFactory<SqliteSecFlowContext>
{
    public SqliteSecFlowContext CreateDbContext(string[] args) => (SqliteSecFlowContext)Contexts.New(DatabaseKind.Sqlite, "Data Source=unused.db");
}

public sealed class PostgresFactory : IDesignTimeDbContextFactory<PostgresSecFlowContext>
{
    public PostgresSecFlowContext CreateDbContext(string[] args) => (PostgresSecFlowContext)Contexts.New(DatabaseKind.Postgres, "Host=unused");
}

internal static class Contexts
{
    public static SecFlowContext New(DatabaseKind kind, string connection) =>
        DatabaseContexts.Create(kind, DatabaseContexts.BuildOptions(new DatabaseOptions(kind, connection)));
}
