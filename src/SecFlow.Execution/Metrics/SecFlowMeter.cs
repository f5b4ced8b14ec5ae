using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace SecFlow.Execution.Metrics;

/// <summary>
/// The instruments of contracts 11 that are fed, and the source of the run's trace. Labels are bounded: never a target, a user or a url.
/// A name and its labels are a contract with dashboards: add, do not rename.
/// </summary>
public sealed class SecFlowMeter : IDisposable
{
    public const string Name = "SecFlow";

    /// <summary>Spans <c>run</c> -> <c>node</c> -> <c>plugin.host</c>.</summary>
    public static readonly ActivitySource Spans = new(Name);

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _runs;
    private readonly Counter<long> _nodes;
    private readonly Histogram<double> _runDuration;
    private readonly Histogram<double> _nodeDuration;
    private readonly Histogram<double> _nodeOverhead;
    private readonly Histogram<double> _queueWait;
    private readonly Histogram<double> _lateness;
    private readonly Counter<long> _findings;
    private readonly Counter<long> _sandboxExecutions;
    private readonly Counter<long> _sandboxLimits;
    private readonly Counter<long> _audit;
    private readonly Counter<long> _authFailures;
    private readonly Counter<long> _secretReads;
    private volatile IReadOnlyDictionary<int, int> _queued = new Dictionary<int, int>();
    private int _active;

    public SecFlowMeter()
    {
        _runs = _meter.CreateCounter<long>("secflow.runs");
        _nodes = _meter.CreateCounter<long>("secflow.nodes");
        _runDuration = _meter.CreateHistogram<double>("secflow.run.duration", "s");
        _nodeDuration = _meter.CreateHistogram<double>("secflow.node.duration", "s");
        _nodeOverhead = _meter.CreateHistogram<double>("secflow.node.overhead", "s");
        _queueWait = _meter.CreateHistogram<double>("secflow.queue.wait", "s");
        _lateness = _meter.CreateHistogram<double>("secflow.schedule.lateness", "s");
        _findings = _meter.CreateCounter<long>("secflow.findings");
        _sandboxExecutions = _meter.CreateCounter<long>("secflow.sandbox.executions");
        _sandboxLimits = _meter.CreateCounter<long>("secflow.sandbox.limits");
        _audit = _meter.CreateCounter<long>("secflow.audit.events");
        _authFailures = _meter.CreateCounter<long>("secflow.auth.failures");
        _secretReads = _meter.CreateCounter<long>("secflow.secrets.reads");
        _meter.CreateObservableGauge("secflow.runs.active", () => Volatile.Read(ref _active));
        _meter.CreateObservableGauge("secflow.queue.depth", () => _queued.Select(q => new Measurement<int>(q.Value, Tag("priority", q.Key))));
    }

    public void RunStarted(TimeSpan waited, string workflow)
    {
        Interlocked.Increment(ref _active);
        _queueWait.Record(Math.Max(0, waited.TotalSeconds), Tag("workflow", workflow));
    }

    public void RunEnded(string workflow, string status, TimeSpan took)
    {
        Interlocked.Decrement(ref _active);
        _runs.Add(1, Tag("workflow", workflow), Tag("status", status));
        _runDuration.Record(took.TotalSeconds, Tag("workflow", workflow));
    }

    /// <param name="plugin">Plugin id.</param>
    /// <param name="status">Status that the node ended with.</param>
    /// <param name="took">From start to checkpoint.</param>
    /// <param name="inPlugin">Of that, inside the plugin host.</param>
    public void NodeEnded(string plugin, string status, TimeSpan took, TimeSpan inPlugin)
    {
        _nodes.Add(1, Tag("plugin", plugin), Tag("status", status));
        _nodeDuration.Record(took.TotalSeconds, Tag("plugin", plugin));
        _nodeOverhead.Record(Math.Max(0, (took - inPlugin).TotalSeconds), Tag("plugin", plugin));
    }

    public void Findings(string severity, string outcome, int count) => _findings.Add(count, Tag("severity", severity), Tag("outcome", outcome));

    public void SandboxExecution(string tool, string reason) => _sandboxExecutions.Add(1, Tag("tool", tool), Tag("reason", reason));

    public void SandboxLimit(string tool, string reason) => _sandboxLimits.Add(1, Tag("tool", tool), Tag("reason", reason));

    public void AuditEvent(string action) => _audit.Add(1, Tag("action", action));

    public void AuthFailure(string action) => _authFailures.Add(1, Tag("action", action));

    /// <param name="of"><c>target</c> or <c>team</c>: whose secret it was.</param>
    public void SecretRead(string of) => _secretReads.Add(1, Tag("action", "read." + of));

    public void ScheduleLateness(TimeSpan late) => _lateness.Record(Math.Max(0, late.TotalSeconds));

    /// <summary>Queued runs by priority, as the sweep counted them.</summary>
    public void QueueDepth(IReadOnlyDictionary<int, int> queued) => _queued = queued;

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
