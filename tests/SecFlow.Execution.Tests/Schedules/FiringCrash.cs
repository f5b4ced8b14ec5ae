using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Tests.Runs.Crashes;

namespace SecFlow.Execution.Tests.Schedules;

/// <summary>A process that fires what is due and ends itself by SIGKILL in or after its first batch: <c>SecFlow.Execution.Tests.dll fire FOLDER POINT</c>. What the transaction does is read from EF Core's diagnostic events.</summary>
internal sealed class FiringCrash(string point) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    public const string Command = "fire";
    public const string InBatch = "in-batch";
    public const string AfterBatch = "after-batch";

    private readonly ConditionalWeakTable<DbContext, object> _batches = [];

    public static async Task<int> MainAsync(string[] args)
    {
        using var host = CrashEngine.Build(args[1], DatabaseVariable.Read(Environment.GetEnvironmentVariable));
        var firing = host.Services.GetRequiredService<ScheduleFiring>();
        using var listening = DiagnosticListener.AllListeners.Subscribe(new FiringCrash(args[2]));
        await firing.FireDueAsync(default);
        return 3;
    }

    /// <summary>Starts it and waits for its death.</summary>
    public static async Task DieAsync(CrashInstallation installation, string point)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in new[] { typeof(FiringCrash).Assembly.Location, Command, installation.Folder, point })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[DatabaseVariable.Name] = installation.Database?.ConnectionString ?? "";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.ExitCode.ShouldBe(128 + 9, $"{await output}\n{await errors}");
        (await output).ShouldContain($"reached {point}");
    }

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
        if (value.Value is CommandExecutedEventData { Context: { } db } command)
        {
            var sql = command.Command.CommandText;
            if (Inserts(sql, "runs"))
            {
                _batches.GetOrCreateValue(db);
            }

            // The audit events are written last: everything else of the batch is there, and nothing is committed.
            if (Inserts(sql, "audit_events") && _batches.TryGetValue(db, out _))
            {
                Reach(InBatch);
            }
        }
        else if (value.Value is TransactionEndEventData { Context: { } ended } && value.Key == RelationalEventId.TransactionCommitted.Name && _batches.TryGetValue(ended, out _))
        {
            Reach(AfterBatch);
        }
    }

    private static bool Inserts(string sql, string table) => sql.Contains($"INSERT INTO {table} ", StringComparison.Ordinal) || sql.Contains($"INSERT INTO \"{table}\" ", StringComparison.Ordinal);

    private void Reach(string name)
    {
        if (name == point)
        {
            Console.Out.WriteLine($"reached {name}");
            Console.Out.Flush();
            using var self = Process.GetCurrentProcess();
            self.Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
