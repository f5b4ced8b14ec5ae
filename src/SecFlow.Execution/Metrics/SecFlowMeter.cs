using System.Diagnostics;
using System.Diagnostics.Metrics;
using SecFlow.Data.Metrics;

namespace SecFlow.Execution.Metrics;

/// <summary>
/// Every instrument (docs/operating.md lists them) and the source of the run's trace: the only door to both. Labels are bounded: never a target, a user or a url.
/// 1. A name and its labels are a contract with dashboards: add, do not rename.
/// 2. Counters and histograms are the process's; what stands now (gauges) is an engine's.
/// 3. Whose run is measured is no label: it flows beside the measurement (<see cref="CurrentTeam"/>), for the rollups of that team.
/// </summary>
public sealed class SecFlowMeter : IDisposable
{
    public const string Name = "SecFlow";

    /// <summary>Spans <c>run</c> -> <c>node</c> -> <c>plugin.host</c> -> <c>tool</c>, and <c>ingest</c> beside the host.</summary>
    public static readonly ActivitySource Spans = new(Name);

    private static readonly Meter _shared = new(Name);
    private static readonly AsyncLocal<Guid> _team = new();

    private static readonly Counter<long> _runs = Counter("secflow.runs", "Runs that came to an end.");
    private static readonly Counter<long> _nodes = Counter("secflow.nodes", "Nodes that came to an end.");
    private static readonly Histogram<double> _runDuration = Seconds("secflow.run.duration", "From the claim of a run to its end.");
    private static readonly Histogram<double> _nodeDuration = Seconds("secflow.node.duration", "From the start of a node to its checkpoint.");
    private static readonly Histogram<double> _nodeOverhead = Seconds("secflow.node.overhead", "The part of a node's duration that was not spent in its plugin and tools.");
    private static readonly Histogram<double> _queueWait = Seconds("secflow.queue.wait", "From the acceptance of a run to its claim.");
    private static readonly Histogram<double> _lateness = Seconds("secflow.schedule.lateness", "From the time at which a schedule was due to its firing.");
    private static readonly Counter<long> _findings = Counter("secflow.findings", "Findings merged by checkpoints.");
    private static readonly Counter<long> _toolFailures = Counter("secflow.tool.failures", "Tools that ended with an error or at a limit.");
    private static readonly Counter<long> _sandboxExecutions = Counter("secflow.sandbox.executions", "Processes started in a sandbox.");
    private static readonly Counter<long> _sandboxLimits = Counter("secflow.sandbox.limits", "Limits of plugin hosts and sandboxes that were reached.");
    private static readonly Counter<long> _verifications = Counter("secflow.plugin.verifications", "Plugin packages that were verified.");
    private static readonly Counter<long> _decisions = Counter("secflow.policy.decisions", "Decisions of the policy.");
    private static readonly Counter<long> _audit = Counter("secflow.audit.events", "Audit events that were committed.");
    private static readonly Counter<long> _authFailures = Counter("secflow.auth.failures", "Sign-ins and tokens that were refused.");
    private static readonly Counter<long> _secretReads = Counter("secflow.secrets.reads", "Secrets that plugins read.");
    private static readonly Counter<long> _reclaimed = Counter("secflow.retention.reclaimed", "Rows that retention removed.");

    private readonly Meter _own = new(Name);
    private volatile IReadOnlyDictionary<int, int> _queued = new Dictionary<int, int>();
    private int _active;

    public SecFlowMeter()
    {
        _own.CreateObservableGauge("secflow.runs.active", () => Volatile.Read(ref _active), null, "Runs that this engine executes.");
        _own.CreateObservableGauge("secflow.queue.depth", () => _queued.Select(q => new Measurement<int>(q.Value, Tag("priority", q.Key))), null, "Runs that wait.");
    }

    /// <summary>Team of the run that is being measured; <see cref="Guid.Empty"/> outside of runs.</summary>
    public static Guid CurrentTeam => _team.Value;

    /// <summary>What the calling async method measures from here on is the team's, also in what it calls; with its end this ends.</summary>
    public static void MeasureFor(Guid teamId) => _team.Value = teamId;

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
    /// <param name="inPlugin">Of that, inside the plugin host and the tools that it called.</param>
    public void NodeEnded(string plugin, string status, TimeSpan took, TimeSpan inPlugin)
    {
        _nodes.Add(1, Tag("plugin", plugin), Tag("status", status));
        _nodeDuration.Record(took.TotalSeconds, Tag("plugin", plugin));
        _nodeOverhead.Record(Math.Max(0, (took - inPlugin).TotalSeconds), Tag("plugin", plugin));
    }

    public void Findings(string severity, string outcome, int count) => _findings.Add(count, Tag("severity", severity), Tag("outcome", outcome));

    /// <param name="tool">Name of the tool.</param>
    /// <param name="reason">Code of the limit, or <c>exit</c> for an exit code other than 0.</param>
    public static void ToolFailure(string tool, string reason) => _toolFailures.Add(1, Tag("tool", tool), Tag("reason", reason));

    /// <param name="tool"><c>plugin-host</c>, or the program's name.</param>
    /// <param name="reason">What for: the sandbox level.</param>
    public static void SandboxExecution(string tool, string reason) => _sandboxExecutions.Add(1, Tag("tool", tool), Tag("reason", reason));

    /// <param name="tool"><c>plugin-host</c>, or the program's name.</param>
    /// <param name="reason">Which limit.</param>
    public static void SandboxLimit(string tool, string reason) => _sandboxLimits.Add(1, Tag("tool", tool), Tag("reason", reason));

    /// <param name="result">State of the verdict.</param>
    /// <param name="point">Where it was asked: <c>node</c>, <c>submission</c>, <c>discovery</c>.</param>
    public static void PluginVerification(string result, string point) => _verifications.Add(1, Tag("result", result), Tag("point", point));

    /// <param name="result"><c>allowed</c> or <c>refused</c>.</param>
    /// <param name="point">Enforcement point.</param>
    public static void PolicyDecision(string result, string point) => _decisions.Add(1, Tag("result", result), Tag("point", point));

    public void AuditEvent(string action) => _audit.Add(1, Tag("action", action));

    public void AuthFailure(string action) => _authFailures.Add(1, Tag("action", action));

    /// <param name="of"><c>target</c> or <c>team</c>: whose secret it was.</param>
    public void SecretRead(string of) => _secretReads.Add(1, Tag("action", "read." + of));

    /// <param name="action">What was removed, such as <c>metric-rollups</c>.</param>
    /// <param name="rows">How many; 0 is not counted.</param>
    public void Reclaimed(string action, long rows)
    {
        if (rows > 0)
        {
            _reclaimed.Add(rows, Tag("action", action));
        }
    }

    public void ScheduleLateness(TimeSpan late, string workflow) => _lateness.Record(Math.Max(0, late.TotalSeconds), Tag("workflow", workflow));

    /// <summary>Queued runs by priority, as the sweep counted them.</summary>
    public void QueueDepth(IReadOnlyDictionary<int, int> queued) => _queued = queued;

    public void Dispose() => _own.Dispose();

    private static Counter<long> Counter(string name, string what) => _shared.CreateCounter<long>(name, null, what);

    private static Histogram<double> Seconds(string name, string what) =>
        _shared.CreateHistogram(name, "s", what, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Histogram.Bounds });

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
