using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution.Tests.Runs.Crashes;

/// <summary>
/// Named points at which this process ends itself by SIGKILL. The engine knows nothing of them: what a transaction is doing is read from EF Core's diagnostic events,
/// what a plugin says from a wrapper around its output. A transaction is a checkpoint when it has written assessments.
/// </summary>
internal sealed class CrashPoint(string name, int pass) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    public const string InAccept = "in-accept";
    public const string AfterAccept = "after-accept";
    public const string BeforeClaim = "before-claim";
    public const string AfterClaim = "after-claim";
    public const string InBegin = "in-begin";
    public const string AfterBegin = "after-begin";
    public const string InNode = "in-node";
    public const string WhileStaging = "while-staging";
    public const string AfterStaging = "after-staging";
    public const string AtVerdict = "at-verdict";
    public const string InCheckpoint = "in-checkpoint";
    public const string InAudit = "in-audit";
    public const string AfterCheckpoint = "after-checkpoint";
    public const string AfterRemoval = "after-removal";
    public const string InFinish = "in-finish";
    public const string AfterFinish = "after-finish";

    private const string Claim = "a claim";
    private const string Staging = "staging";
    private const string Removal = "a removal";
    private const string Finish = "a finish";

    private static readonly (string Sign, string Point)[] _after =
    [
        ("runs", AfterAccept), (Claim, AfterClaim), ("node_attempts", AfterBegin), (Staging, AfterStaging), ("assessments", AfterCheckpoint), (Removal, AfterRemoval), (Finish, AfterFinish),
    ];

    private readonly ConditionalWeakTable<DbContext, HashSet<string>> _written = [];
    private int _passes;
    private long _staged;

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
        {
            value.Subscribe(this);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        switch (value.Value)
        {
            case CommandEventData { Context: { } db } command when value.Key == RelationalEventId.CommandExecuting.Name:
                Executing(command.Command.CommandText);
                break;
            case CommandExecutedEventData { Context: { } db } command:
                Executed(db, command.Command.CommandText);
                break;
            case TransactionEndEventData { Context: { } db } when value.Key == RelationalEventId.TransactionCommitted.Name:
                Committed(db);
                break;
        }
    }

    /// <summary>The plugins of the engine, watched.</summary>
    public NodePlugins Watch(NodePlugins plugins) => plugins with
    {
        OpenAsync = async (request, ct) =>
        {
            var open = await plugins.OpenAsync(request, ct);
            return open with { RunAsync = (work, output, token) => open.RunAsync(work, new Output(output, this), token) };
        },
    };

    private void Executing(string sql)
    {
        // RunStore.ClaimAsync: the only update that takes an owner and says how plugins are confined
        if (Claims(sql))
        {
            Reach(BeforeClaim);
        }
    }

    private static bool Claims(string sql) => sql.StartsWith("UPDATE", StringComparison.Ordinal) && sql.Contains("lease_owner", StringComparison.Ordinal) && sql.Contains("sandbox_level", StringComparison.Ordinal);

    private void Executed(DbContext db, string sql)
    {
        var written = _written.GetOrCreateValue(db);
        if (sql.StartsWith("UPDATE", StringComparison.Ordinal) && sql.Contains("progress_text", StringComparison.Ordinal) && StagedMore(db))
        {
            written.Add(Staging);
            Reach(WhileStaging);
        }

        // CheckpointStore.RemoveMergedAsync is a transaction of nothing else.
        if (sql.Contains("DELETE FROM", StringComparison.Ordinal) && sql.Contains("staged_records", StringComparison.Ordinal) && written.Count == 0)
        {
            written.Add(Removal);
        }

        if (Claims(sql))
        {
            written.Add(Claim);
        }

        // RunWriter.FinishAsync: the only change of a run that sets its end
        if (sql.Contains("UPDATE", StringComparison.Ordinal) && sql.Contains("ended_at", StringComparison.Ordinal) && sql.Contains("lease_until", StringComparison.Ordinal))
        {
            written.Add(Finish);
        }

        var first = new[] { "runs", "assessments", "run_events", "audit_events", "node_attempts" }
            .Where(table => sql.Contains($"INSERT INTO {table} ", StringComparison.Ordinal) || sql.Contains($"INSERT INTO \"{table}\" ", StringComparison.Ordinal))
            .Where(written.Add).ToList();
        if (first.Contains("runs"))
        {
            Reach(InAccept);
        }

        if (first.Contains("node_attempts"))
        {
            Reach(InBegin);
        }

        if (written.Contains(Finish) && first.Contains("audit_events"))
        {
            Reach(InFinish);
        }

        if (written.Contains("assessments") && first.Contains("run_events"))
        {
            Reach(InCheckpoint);
        }

        if (written.Contains("assessments") && first.Contains("audit_events"))
        {
            Reach(InAudit);
        }
    }

    /// <summary>Staging writes records past EF Core, then the node's progress in the same transaction: are there more of them now than at the last look?</summary>
    private bool StagedMore(DbContext db)
    {
        using var command = db.Database.GetDbConnection().CreateCommand();
        command.Transaction = db.Database.CurrentTransaction!.GetDbTransaction();
        command.CommandText = "SELECT count(*) FROM staged_records";
        var now = Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        return Interlocked.Exchange(ref _staged, now) < now;
    }

    private void Committed(DbContext db)
    {
        var written = _written.GetOrCreateValue(db);
        foreach (var (sign, point) in _after)
        {
            if (written.Contains(sign))
            {
                Reach(point);
            }
        }
    }

    private void Reach(string point)
    {
        if (point != name || Interlocked.Increment(ref _passes) != pass)
        {
            return;
        }

        Console.Out.WriteLine($"reached {point} children {string.Join(' ', ProcessTree.Below(Environment.ProcessId))}");
        Console.Out.Flush();
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }

    private sealed class Output(IPluginOutput inner, CrashPoint point) : IPluginOutput
    {
        public ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct) => inner.EmitAsync(port, records, ct);

        public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct)
        {
            point.Reach(AtVerdict);
            return inner.VerdictAsync(verdict, reason, target, checks, ct);
        }

        public ValueTask LogAsync(string level, string text, CancellationToken ct)
        {
            point.Reach(InNode);
            return inner.LogAsync(level, text, ct);
        }

        public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => inner.ProgressAsync(percent, text, ct);

        public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct) => inner.RefusedAsync(diagnostic, ct);
    }
}
