using SecFlow.Data;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace SecFlow.TestKit;

/// <summary>
/// Runs a test once per database; in place of <c>[Fact]</c>: <c>[DatabaseData] public async Task Subject_Condition_Outcome(DatabaseKind kind)</c>.
/// Without a PostgreSQL server its case is skipped, with the reason.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("SecFlow.TestKit.DatabaseDataDiscoverer", "SecFlow.TestKit")]
public sealed class DatabaseDataAttribute : FactAttribute;

/// <summary>One case per database.</summary>
public sealed class DatabaseDataDiscoverer(IMessageSink diagnostics) : IXunitTestCaseDiscoverer
{
    public const string SkipReason = $"no PostgreSQL: {TestDatabase.PostgresVariable} is not set (./test starts a server, or: eval \"$(tests/Shared/postgres start)\")";

    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        var display = discoveryOptions.MethodDisplayOrDefault();
        var options = discoveryOptions.MethodDisplayOptionsOrDefault();
        yield return new XunitTestCase(diagnostics, display, options, testMethod, [DatabaseKind.Sqlite]);
        yield return TestDatabase.PostgresServer is null
            ? new XunitSkippedDataRowTestCase(diagnostics, display, options, testMethod, SkipReason, [DatabaseKind.Postgres])
            : new XunitTestCase(diagnostics, display, options, testMethod, [DatabaseKind.Postgres]);
    }
}
