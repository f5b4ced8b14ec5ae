using Xunit;

namespace SecFlow.TestKit;

/// <summary>A test about PostgreSQL alone; skipped with the reason where there is no server.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute()
    {
        if (TestDatabase.PostgresServer is null)
        {
            Skip = DatabaseDataDiscoverer.SkipReason;
        }
    }
}
