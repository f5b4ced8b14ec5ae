using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// The wait before another attempt: <c>base_delay * backoff_factor ^ (try - 1)</c>, at most an hour, then 20 % more or less.
/// Runs that failed at one moment, because one thing was down, do not come back at one moment. The same run, node and try always wait the same.
/// </summary>
internal static class RetryWait
{
    public const double Jitter = 0.2;

    private static readonly TimeSpan _most = TimeSpan.FromHours(1);

    /// <param name="policy">Of the node.</param>
    /// <param name="tried">The try that failed, from 1: attempts that the system ended are not counted.</param>
    /// <param name="run">Id of the run.</param>
    /// <param name="node">Id of the node.</param>
    public static TimeSpan Of(RetryPolicy policy, int tried, Guid run, string node)
    {
        var wait = Math.Min(policy.BaseDelaySeconds * Math.Pow(policy.BackoffFactor, tried - 1), _most.TotalSeconds);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{run:N}/{node}/{tried}"));
        var share = BinaryPrimitives.ReadUInt32LittleEndian(hash) / (double)uint.MaxValue;
        return TimeSpan.FromSeconds(wait * (1 - Jitter + (2 * Jitter * share)));
    }
}
