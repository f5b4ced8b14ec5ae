using System.Diagnostics;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests;

/// <summary>The built host as a process of its own: what cannot be undone or interrupted is tried there.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly Process _process;

    private HostProcess(Process process) => _process = process;

    public static HostProcess Start(string? required = null, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "host", "SecFlow.PluginHost.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_GCHeapHardLimit"] = "0x8000000";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        if (required is not null)
        {
            start.Environment[HostOptions.RequireVariable] = required;
        }

        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return new HostProcess(process);
    }

    /// <summary>Everything on stdout, and the exit code.</summary>
    public async Task<(string Output, int ExitCode)> ReadToEnd()
    {
        var output = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return (output, _process.ExitCode);
    }

    public async Task<int> ExitCode()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public Task<HostMessage?> Next() => Frames.ReadHostMessageAsync(_process.StandardOutput.BaseStream, CancellationToken.None);

    /// <summary>Runs one start; every call is refused. Null when the process ended without a done.</summary>
    public async Task<DoneMessage?> Run(StartMessage start)
    {
        var output = _process.StandardInput.BaseStream;
        (await Next()).ShouldBeOfType<ReadyMessage>();
        await Frames.WriteAsync(output, start, CancellationToken.None);
        while (await Next() is { } message)
        {
            switch (message)
            {
                case DoneMessage done:
                    _process.StandardInput.Close();
                    return done;
                case CallMessage call:
                    await Frames.WriteAsync(output, new ResultMessage(call.Id, null, new CallError("SF3009", "not granted")), CancellationToken.None);
                    break;
                case EmitMessage emit:
                    await Frames.WriteAsync(output, new CreditMessage(emit.Records.Count), CancellationToken.None);
                    break;
                default:
                    break;
            }
        }

        return null;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
