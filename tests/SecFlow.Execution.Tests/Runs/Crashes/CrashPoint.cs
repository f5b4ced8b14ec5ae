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
    public const string AfterAccept = "after-accept";
    public const string BeforeClaim = "before-claim";
    public const string InNode = "in-node";
    public const string WhileStaging = "while-staging";
    public const string InCheckpoint = "in-checkpoint";
    public const string InAudit = "in-audit";
    public const string AfterCheckpoint = "after-checkpoint";

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
        if (sql.StartsWith("UPDATE", StringComparison.Ordinal) && sql.Contains("lease_owner", StringComparison.Ordinal) && sql.Contains("sandbox_level", StringComparison.Ordinal))
        {
            Reach(BeforeClaim);
        }
    }

    private void Executed(DbContext db, string sql)
    {
        var written = _written.GetOrCreateValue(db);
        if (sql.StartsWith("UPDATE", StringComparison.Ordinal) && sql.Contains("progress_text", StringComparison.Ordinal) && StagedMore(db))
        {
            Reach(WhileStaging);
        }

        var first = new[] { "runs", "assessments", "run_events", "audit_events" }
            .Where(table => sql.Contains($"INSERT INTO {table} ", StringComparison.Ordinal) || sql.Contains($"INSERT INTO \"{table}\" ", StringComparison.Ordinal))
            .Where(written.Add).ToList();
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
        if (written.Contains("runs"))
        {
            Reach(AfterAccept);
        }

        if (written.Contains("assessments"))
        {
            Reach(AfterCheckpoint);
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

        public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct) => inner.VerdictAsync(verdict, reason, target, checks, ct);

        public ValueTask LogAsync(string level, string text, CancellationToken ct)
        {
            point.Reach(InNode);
            return inner.LogAsync(level, text, ct);
        }

        public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => inner.ProgressAsync(percent, text, ct);

        public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct) => inner.RefusedAsync(diagnostic, ct);
    }
}
