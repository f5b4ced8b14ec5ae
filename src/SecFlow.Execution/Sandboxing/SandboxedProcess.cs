using System.Net.Sockets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// The only door to starting any process.
/// 1. One dedicated thread that never ends starts them all (they die with the thread that created them).
/// 2. Nothing is inherited: the environment, the files and the descriptors are those of the specification.
/// 3. Standard error is always drained; its first bytes are kept. A dead host that writes megabytes of stack trace would hang on a full pipe.
/// 4. To kill the tree is to kill its process 1: the kernel then ends the whole process namespace, and bubblewrap reaps it. Nothing is left.
/// </summary>
public sealed class SandboxedProcess : IAsyncDisposable
{
    /// <summary>Number of the descriptor behind <see cref="Report"/>.</summary>
    public const int ReportFd = 7;

    private readonly OutputStream _output;
    private readonly SandboxWatch _watch;
    private readonly NetworkScope? _network;

    private SandboxedProcess(NetworkStream input, OutputStream output, Stream? errors, Stream? report, SandboxWatch watch, NetworkScope? network, Task<SandboxExit> exit)
    {
        _network = network;
        StandardInput = input;
        _output = output;
        StandardError = errors ?? Stream.Null;
        Report = report ?? Stream.Null;
        _watch = watch;
        Exit = exit;
    }

    /// <summary>What the process reads. Writing after its end throws <see cref="IOException"/>.</summary>
    public Stream StandardInput { get; }

    /// <summary>What the process writes; ends when the tree is gone.</summary>
    public Stream StandardOutput => _output;

    /// <summary>What the process complains about, when the specification streams it; empty otherwise. It must then be read.</summary>
    public Stream StandardError { get; }

    /// <summary>What came by the further way out, when the specification has one; empty otherwise.</summary>
    public Stream Report { get; }

    /// <summary>Completes when the whole tree is gone and reaped; never faults.</summary>
    public Task<SandboxExit> Exit { get; }

    /// <summary>Connections that were allowed and refused; final when <see cref="Exit"/> has completed, nothing before.</summary>
    public NetworkCount NetworkCount => _network?.Count ?? NetworkCount.None;

    /// <summary>Process id of the outermost process, for diagnosis.</summary>
    public int Id => _watch.Id;

    /// <summary>Process id of the payload's process 1, once it is there; 0 when it ended before.</summary>
    internal Task<int> Payload => _watch.Payload;

    /// <summary>Whether it has written something that was not read yet.</summary>
    internal bool HasOutput => _output.HasUnread;

    /// <summary>Processor time of the payload so far (10 ms steps); zero before it began and after it ended.</summary>
    internal TimeSpan Cpu => _watch.Cpu;

    /// <summary>Memory that the payload has in use, bytes; zero before it began and after it ended.</summary>
    internal long ResidentBytes => _watch.ResidentBytes;

    /// <summary>Starts it at the strongest level of this machine. Throws SF4030 when nothing confines, SF4040 to SF4042 when its network cannot be confined, SF7003 when the operating system refuses.</summary>
    public static Task<SandboxedProcess> StartAsync(Sandbox sandbox, SandboxSpec spec, CancellationToken ct) => StartAsync(sandbox.Means, spec, ct);

    internal static async Task<SandboxedProcess> StartAsync(SandboxMeans means, SandboxSpec spec, CancellationToken ct)
    {
        if (means.Level == SandboxLevel.L0 || (means.Level == SandboxLevel.L1 && !spec.ConfinesItself))
        {
            throw new SecFlowException(means.Refusal);
        }

        if (spec.Network is not { Allowed.Count: > 0 } plan)
        {
            return await StartAsync(means, spec, null, ct).ConfigureAwait(false);
        }

        if (means.Level == SandboxLevel.L1)
        {
            throw new SecFlowException(means.NetworkRefusal);
        }

        var network = await NetworkScope.OpenAsync(means, plan, ct).ConfigureAwait(false);
        try
        {
            return await StartAsync(means, network.Inside(spec), network, ct).ConfigureAwait(false);
        }
        catch
        {
            await network.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A process that makes the network of another one.</summary>
    internal static Task<SandboxedProcess> StartHelperAsync(SandboxMeans means, SandboxSpec spec, CancellationToken ct) => StartAsync(means, spec, null, ct);

    private static async Task<SandboxedProcess> StartAsync(SandboxMeans means, SandboxSpec spec, NetworkScope? network, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var group = means.Level >= SandboxLevel.L2 ? means.Groups?.Create(spec.DataBytes + spec.ScratchBytes + spec.Writable.Values.Sum(), spec.Processes) : null;
        SandboxedProcess process;
        try
        {
            process = await Spawn.OnThread(() => Start(means, spec, group, network)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or SocketException)
        {
            group?.Remove(means.Time);
            throw new SecFlowException(Codes.HostStartFailed, $"The sandbox of {spec.Program} could not be started: {e.Message}. Expected free processes, memory and file descriptors; try again when the machine is less busy.", e);
        }

        if (group is not null && !SandboxCommand.Holds(spec, grouped: true))
        {
            await GroupedAsync(process, ct).ConfigureAwait(false);
        }

        return process;
    }

    // It boots while the kernel moves it (6 to 15 ms in version 1), and nobody can give it anything before it is in its group or dead.
    private static async Task GroupedAsync(SandboxedProcess process, CancellationToken ct)
    {
        try
        {
            _ = await process.Payload.WaitAsync(ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Kills the whole tree; <see cref="Exit"/> then completes with <see cref="SandboxEnd.Killed"/>, unless it had ended before.</summary>
    public void Kill() => _watch.Kill();

    /// <summary>The whole tree stands still until <see cref="Thaw"/>; it can be killed as before.</summary>
    internal void Freeze() => _watch.Freeze();

    internal void Thaw() => _watch.Thaw();

    /// <summary>SIGINT for process 1 of the sandbox; false when it cannot get it.</summary>
    public bool Interrupt() => _watch.Signal(LinuxCalls.SigInterrupt);

    /// <summary>SIGTERM for process 1 of the sandbox; false when it cannot get it.</summary>
    public bool Terminate() => _watch.Signal(LinuxCalls.SigTerminate);

    /// <summary>Kills what still runs and waits until it is reaped.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exit.ConfigureAwait(false);
        await StandardInput.DisposeAsync().ConfigureAwait(false);
        await _output.DisposeAsync().ConfigureAwait(false);
        await StandardError.DisposeAsync().ConfigureAwait(false);
        await Report.DisposeAsync().ConfigureAwait(false);
    }

    private static SandboxedProcess Start(SandboxMeans means, SandboxSpec spec, ControlGroup? group, NetworkScope? network)
    {
        var mine = new List<int>();
        var theirs = new List<int>();
        try
        {
            var sockets = new int[spec.Reports ? 4 : 3];
            for (var i = 0; i < sockets.Length; i++)
            {
                var (ours, child) = LinuxCalls.SocketPair();
                mine.Add(ours);
                theirs.Add(child);
                sockets[i] = ours;
            }

            var descriptors = new List<(int From, int To)> { (theirs[0], 0), (theirs[1], 1), (theirs[2], 2) };
            if (spec.Reports)
            {
                descriptors.Add((theirs[3], ReportFd));
            }

            List<string> line;
            IReadOnlyList<string> environment = [];
            int status = -1, release = -1;
            if (means.Level == SandboxLevel.L1)
            {
                line = SandboxCommand.SelfConfined(means.Programs, spec);
                environment = [.. spec.Environment.Select(pair => pair.Key + "=" + pair.Value)];
            }
            else
            {
                status = Feed(SandboxCommand.StatusFd, childReads: false);
                LinuxCalls.WriteAll(Feed(SandboxCommand.FilterFd, childReads: true), spec.HoldsNetwork ? SystemCallFilter.Build(SocketRule.Rules) : network is not null ? SystemCallFilter.Build(SocketRule.Network) : means.Filter);
                LinuxCalls.Close(mine[^1]);
                mine.RemoveAt(mine.Count - 1);
                Copies();
                release = SandboxCommand.Holds(spec, group is not null) ? Feed(SandboxCommand.BlockFd, childReads: true) : -1;
                line = SandboxCommand.Confined(means.Programs, spec, group is not null, network?.Enter);
            }

            var pid = Spawn.Start(line[0], line[1..], environment, descriptors);
            var record = Recorded(means, pid);
            mine.Clear();
            return Watched(means, spec, group, network, pid, record, status, release, sockets);

            void Copies()
            {
                if (spec.Copies.Count > SandboxCommand.MostCopies)
                {
                    throw new IOException($"At most {SandboxCommand.MostCopies} files can be copied into a sandbox.");
                }

                foreach (var (_, file) in spec.Copies.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    theirs.Add(LinuxCalls.Again(file));
                    descriptors.Add((theirs[^1], SandboxCommand.FirstCopyFd + descriptors.Count(d => d.To >= SandboxCommand.FirstCopyFd)));
                }
            }

            int Feed(int number, bool childReads)
            {
                var (read, write) = LinuxCalls.Pipe();
                mine.Add(childReads ? write : read);
                theirs.Add(childReads ? read : write);
                descriptors.Add((theirs[^1], number));
                return mine[^1];
            }
        }
        finally
        {
            theirs.ForEach(LinuxCalls.Close);
            mine.ForEach(LinuxCalls.Close);
        }
    }

    private static string? Recorded(SandboxMeans means, int pid)
    {
        try
        {
            return means.Ledger?.Add(pid);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is not recorded does not run.
            LinuxCalls.Kill(pid, LinuxCalls.SigKill);
            _ = LinuxCalls.Wait(pid, block: true);
            throw new IOException($"The start could not be recorded: {e.Message}", e);
        }
    }

    private static SandboxedProcess Watched(SandboxMeans means, SandboxSpec spec, ControlGroup? group, NetworkScope? network, int pid, string? record, int status, int release, int[] sockets)
    {
        var input = new NetworkStream(Connected(sockets[0]), FileAccess.Write, ownsSocket: true);
        var output = new OutputStream(Connected(sockets[1]));
        var complaints = new NetworkStream(Connected(sockets[2]), FileAccess.Read, ownsSocket: true);
        var errors = spec.StreamsErrors ? Task.FromResult(("", 0L)) : DrainAsync(complaints, spec.StderrBytesKept);
        var report = spec.Reports ? new NetworkStream(Connected(sockets[3]), FileAccess.Read, ownsSocket: true) : null;
        var watch = new SandboxWatch(pid, means, group, status, release);
        return new SandboxedProcess(input, output, spec.StreamsErrors ? complaints : null, report, watch, network, EndAsync(watch, spec, record, errors, output, network));
    }

    private static Socket Connected(int fd) => new(new SafeSocketHandle(fd, ownsHandle: true));

    private static async Task<SandboxExit> EndAsync(SandboxWatch watch, SandboxSpec spec, string? record, Task<(string Head, long Bytes)> errors, OutputStream output, NetworkScope? network)
    {
        var ended = await watch.Ended.ConfigureAwait(false);
        if (record is not null)
        {
            SandboxLedger.Remove(record);
        }

        if (network is not null)
        {
            await network.DisposeAsync().ConfigureAwait(false);
        }

        var (head, bytes) = await errors.ConfigureAwait(false);
        return SandboxExits.Classify(ended, spec, head, bytes, output.AnyOutput);
    }

    private static async Task<(string Head, long Bytes)> DrainAsync(NetworkStream errors, int keep)
    {
        await using var stream = errors.ConfigureAwait(false);
        var head = new byte[keep];
        var buffer = new byte[16 * 1024];
        long total = 0;
        try
        {
            while (await errors.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false) is var read and > 0)
            {
                if (total < keep)
                {
                    buffer.AsSpan(0, (int)Math.Min(read, keep - total)).CopyTo(head.AsSpan((int)total));
                }

                total += read;
            }
        }
        catch (IOException)
        {
            // Reset by a killed writer: what came until then is what there is.
        }

        return (System.Text.Encoding.UTF8.GetString(head, 0, (int)Math.Min(total, keep)), total);
    }
}
