using System.Diagnostics.Metrics;

namespace SecFlow.Portal.Teams;

/// <summary>Counts refused authentications (contracts 11).</summary>
public static class AuthenticationMetrics
{
    private static readonly Meter Meter = new("SecFlow");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("secflow.auth.failures", description: "Refused sign-ins and tokens.");

    /// <param name="action"><c>sign-in</c> or <c>token</c>.</param>
    public static void Failed(string action) => Failures.Add(1, new KeyValuePair<string, object?>("action", action));
}
