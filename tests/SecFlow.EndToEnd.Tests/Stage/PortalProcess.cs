using System.Diagnostics;
using SecFlow.Data;
using SecFlow.Execution;
using SecFlow.PortalKit;

namespace SecFlow.EndToEnd.Tests.Stage;

/// <summary>The portal as a process of its own, so that it can be killed.</summary>
internal sealed class PortalProcess : IAsyncDisposable
{
    private readonly Process _process;

    private PortalProcess(Process process, Uri url)
    {
        _process = process;
        Url = url;
    }

    public Uri Url { get; }

    public int Id => _process.Id;

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    public static async Task<PortalProcess> StartAsync(string dataFolder, Uri demoTarget, DatabaseOptions? database = null)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "SecFlow.Portal.dll"), "--port", "0", "--data", dataFolder, "--demo-target", demoTarget.ToString() })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["SECFLOW_ADMIN_PASSWORD"] = SecFlowApplication.AdminPassword;
        start.Environment[DatabaseVariable.Name] = database?.ConnectionString ?? "";
        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            const string Ready = "SecFlow is ready at ";
            if (line.Contains(Ready, StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new PortalProcess(process, new Uri(line[(line.IndexOf(Ready, StringComparison.Ordinal) + Ready.Length)..].Trim()));
            }
        }

        throw new InvalidOperationException("The portal ended before it was ready: " + await errors);
    }

    /// <summary>kill -9, only the portal itself.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }
}
