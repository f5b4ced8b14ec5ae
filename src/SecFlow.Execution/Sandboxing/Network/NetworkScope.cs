using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Sandboxing.Network;

/// <summary>
/// A network namespace for one sandboxed process, in which the kernel lets pass what its plan allows and nothing else.
/// 1. A holder (a shell in a sandbox of its own) makes the namespace, empty, and loads the rules. It alone has rights over them; the payload enters with a user namespace below it and has none.
/// 2. The rules are loaded, their exit status checked, and what the kernel then holds is compared with what was meant, all before anything leads out.
/// 3. Only then pasta gives the namespace an interface: it opens each allowed connection again outside, as the user of the sandbox. No route, address or rule of the machine itself is changed, so that nothing can be left behind there.
/// 4. Before the payload starts, something that is not allowed is tried from inside, and must both fail and be counted by the rule that refuses.
/// 5. Whatever fails: the payload does not start (SF4042). Holder and pasta are sandboxed processes like any other: recorded, killed with their tree, and dead with the engine.
/// </summary>
internal sealed class NetworkScope : IAsyncDisposable
{
    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ProofPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CountPatience = TimeSpan.FromSeconds(3);

    // One order a line; the answer ends with a line "=STATUS". The shell's own sockets stand for any program's.
    private const string Holder = """
        nft=$1
        while read -r order a b; do
          case $order in
          load) LC_ALL=C read -r -N "$a" rules
            echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet &&
            for f in /proc/sys/net/ipv6/conf/{all,default}/disable_ipv6; do [ ! -e $f ] || echo 1 >$f || exit; done &&
            printf %s "$rules" | "$nft" -j -f - && "$nft" -j list ruleset ;;
          wait) while read -rd '' routes </proc/net/route; ! [[ $routes =~ $a[[:space:]]00000000 ]]; do read -rt 0.002 && exit; done; true ;;
          prove) (exec 3<>"/dev/tcp/$a/9") 2>/dev/null & attempt=$!
            (exec 3<>"/dev/udp/$a/53" && echo secflow >&3) 2>/dev/null && echo got=udp
            read -rt 0.003 && exit
            kill -9 $attempt; wait $attempt && echo got=tcp
            "$nft" -j list counters ;;
          count) "$nft" -j list counters ;;
          esac 2>&1
          printf '\n=%s\n' $?
        done
        """;

    // Where only root may open the tun device, root makes one for pasta, in a mount namespace that ends with it.
    private const string OwnTun = "PATH=/usr/sbin:/usr/bin:/sbin:/bin; mount -t tmpfs -o mode=755,size=4k tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200; exec \"$@\"";

    // Started beside the holder, to save time; it becomes pasta when it is told whose namespace to connect, and not before.
    private const string Waiting = "read -r process && exec \"$@\" \"$process\"";

    private readonly SandboxedProcess _holder;
    private readonly SandboxedProcess _pasta;
    private readonly StreamReader _answers;
    private readonly NetworkReach _reach;
    private readonly Dictionary<string, SafeFileHandle> _names;
    private readonly TimeProvider _time;
    private readonly int _user;
    private NetworkCount _before = NetworkCount.None;

    private NetworkScope(SandboxedProcess holder, SandboxedProcess pasta, NetworkReach reach, int user, TimeProvider time)
    {
        _holder = holder;
        _pasta = pasta;
        _answers = new StreamReader(holder.StandardOutput, Encoding.UTF8);
        _reach = reach;
        _user = user;
        _time = time;
        _names = new Dictionary<string, SafeFileHandle>(StringComparer.Ordinal)
        {
            ["/etc/hosts"] = LinuxCalls.Memory(Encoding.ASCII.GetBytes(reach.HostsFile())),
            ["/etc/nsswitch.conf"] = LinuxCalls.Memory("hosts: files\n"u8),
            ["/etc/resolv.conf"] = LinuxCalls.Memory([]),
        };
    }

    /// <summary>The command in front of the payload that enters this network.</summary>
    public IReadOnlyList<string> Enter { get; private set; } = [];

    /// <summary>Final after <see cref="DisposeAsync"/>.</summary>
    public NetworkCount Count { get; private set; } = NetworkCount.None;

    /// <summary>The payload in this network: as its user, and with its names, which nothing else answers.</summary>
    public SandboxSpec Inside(SandboxSpec spec) => spec with { User = _user, Copies = spec.Copies.Concat(_names).ToDictionary(StringComparer.Ordinal) };

    /// <summary>Throws SF4040 when this machine cannot, SF4041 when the plan cannot be enforced, SF4042 when it did not hold.</summary>
    public static async Task<NetworkScope> OpenAsync(SandboxMeans means, NetworkPlan plan, CancellationToken ct)
    {
        var programs = means.Network ?? throw new SecFlowException(means.NetworkRefusal);
        var reach = NetworkReach.Of(plan);
        var user = LinuxCalls.IsRoot ? SandboxCommand.NextUser() : LinuxCalls.UserId;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(OpenPatience);
        var starting = SandboxedProcess.StartHelperAsync(means with { Level = SandboxLevel.L1, Groups = null }, PastaSpec(programs, reach, user), ct);
        SandboxedProcess holder;
        try
        {
            holder = await SandboxedProcess.StartHelperAsync(means with { Groups = null }, HolderSpec(programs, user), ct).ConfigureAwait(false);
        }
        catch
        {
            await (await starting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            throw;
        }

        NetworkScope scope;
        try
        {
            scope = new NetworkScope(holder, await starting.ConfigureAwait(false), reach, user, means.Time);
        }
        catch
        {
            await holder.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        try
        {
            await scope.LoadAsync(limit.Token).ConfigureAwait(false);
            await scope.ConnectAsync(programs, limit.Token).ConfigureAwait(false);
            await scope.ProveAsync(limit.Token).ConfigureAwait(false);
            return scope;
        }
        catch (Exception e)
        {
            await scope.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && !ct.IsCancellationRequested)
            {
                throw Failed($"they were not ready within {OpenPatience.TotalSeconds:0} s", e);
            }

            throw;
        }
    }

    /// <summary>Reads the counters and takes the namespace away.</summary>
    public async ValueTask DisposeAsync()
    {
        Count = await CountAsync().ConfigureAwait(false);
        _holder.Kill();
        await _pasta.DisposeAsync().ConfigureAwait(false);
        await _holder.DisposeAsync().ConfigureAwait(false);
        _answers.Dispose();
        foreach (var file in _names.Values)
        {
            file.Dispose();
        }
    }

    private async Task LoadAsync(CancellationToken ct)
    {
        var rules = NetworkRules.Load(_reach);
        var (status, said) = await OrderAsync($"load {rules.Length.ToString(CultureInfo.InvariantCulture)}\n{rules}", ct).ConfigureAwait(false);
        if (status != 0)
        {
            throw Failed($"they could not be loaded ({said})");
        }

        if (!NetworkRules.AreExactly(_reach, said))
        {
            throw Failed("the kernel holds other rules than those that were loaded");
        }
    }

    private async Task ConnectAsync(NetworkPrograms programs, CancellationToken ct)
    {
        var process = (await _holder.Payload.ConfigureAwait(false)).ToString(CultureInfo.InvariantCulture);
        Enter = [programs.Nsenter, "--target", process, "--user", "--net", "--preserve-credentials", "--"];
        await _pasta.StandardInput.WriteAsync(Encoding.ASCII.GetBytes(process + "\n"), ct).ConfigureAwait(false);
        var ready = OrderAsync($"wait {NetworkRules.Interface}\n", ct);
        if (await Task.WhenAny(ready, _pasta.Exit).ConfigureAwait(false) != ready)
        {
            var exit = await _pasta.Exit.ConfigureAwait(false);
            throw Failed($"pasta ended with {exit.ExitCode}: {Tidy(exit.StderrHead)}");
        }

        var (status, said) = await ready.ConfigureAwait(false);
        if (status != 0)
        {
            throw Failed($"the interface did not come up ({said})");
        }
    }

    // What lies in no rule must fail and be counted where it was refused; without rules it would fail as well, but uncounted. The connection is ended after some milliseconds:
    // a program may be told of the refusal at its second packet only, a second later. On a busy machine it may not even have begun by then: it is tried again.
    private async Task ProveAsync(CancellationToken ct)
    {
        var begun = _time.GetTimestamp();
        do
        {
            var (status, said) = await OrderAsync($"prove {_reach.Gateway}\n", ct).ConfigureAwait(false);
            var counted = NetworkRules.Counters(said);
            if (status != 0 || said.Contains("got=", StringComparison.Ordinal) || counted is not { Accepted: 0 })
            {
                break;
            }

            if (counted.Blocked > _before.Blocked + 1)
            {
                _before = counted;
                return;
            }

            _before = counted;
        }
        while (_time.GetElapsedTime(begun) < ProofPatience);
        throw Failed("what they do not allow was not refused");
    }

    private async Task<NetworkCount> CountAsync()
    {
        using var limit = new CancellationTokenSource(CountPatience, _time);
        try
        {
            var (status, said) = await OrderAsync("count\n", limit.Token).ConfigureAwait(false);
            if (status == 0 && NetworkRules.Counters(said) is { } count)
            {
                return new NetworkCount(count.Accepted - _before.Accepted, count.Blocked - _before.Blocked);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SecFlowException or InvalidOperationException)
        {
            // The holder is gone, or an order was cut off before: the count stays unknown, which the result says.
        }

        return NetworkCount.None with { Known = false };
    }

    private async Task<(int Status, string Said)> OrderAsync(string order, CancellationToken ct)
    {
        await _holder.StandardInput.WriteAsync(Encoding.ASCII.GetBytes(order), ct).ConfigureAwait(false);
        var said = new StringBuilder();
        while (await _answers.ReadLineAsync(ct).ConfigureAwait(false) is { } line)
        {
            if (line is ['=', ..] && int.TryParse(line.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            {
                return (status, said.ToString().Trim());
            }

            said.Append(line).Append('\n');
        }

        _holder.Kill();
        var exit = await _holder.Exit.ConfigureAwait(false);
        throw Failed($"their namespace could not be made ({Tidy(exit.StderrHead)} {exit.End} {exit.ExitCode})");
    }

    private static SandboxSpec HolderSpec(NetworkPrograms programs, int user)
    {
        var readOnly = SystemLibraries.Binds();
        foreach (var program in new[] { programs.Bash, programs.Nft })
        {
            readOnly[program] = program;
        }

        return new SandboxSpec
        {
            Program = programs.Bash,
            Arguments = ["--noprofile", "--norc", "-c", Holder, "holder", programs.Nft],
            ReadOnly = readOnly,
            Links = SystemLibraries.Links(),
            User = user,
            HoldsNetwork = true,
            CpuSeconds = 600,
            DataBytes = 256L * 1024 * 1024,
            Processes = 32,
        };
    }

    private static SandboxSpec PastaSpec(NetworkPrograms programs, NetworkReach reach, int user)
    {
        var (gateway, inside) = (reach.Gateway.ToString(), reach.Inside.ToString());
        return new SandboxSpec
        {
            Program = "/bin/sh",
            // Its own address, gateway and name, whatever this machine's are; TCP over IPv4 from inside to outside only.
            Arguments =
            [
                "-c", Waiting, "sh", programs.Pasta, "--foreground", "--quiet", "--config-net", "--ipv4-only", "-i", "lo", "-I", NetworkRules.Interface, "-M", "02:5e:cf:10:00:01",
                "-a", inside, "-n", NetworkReach.InsidePrefix.ToString(CultureInfo.InvariantCulture), "-g", gateway,
                "-t", "none", "-u", "none", "-T", "none", "-U", "none", "--no-udp", "--no-icmp", "--no-dhcp", "--no-dhcpv6", "--no-ndp", "--no-ra",
                .. reach.LoopbackPorts.Count == 0 ? new[] { "--no-map-gw" } : [],
            ],
            Before = LinuxCalls.IsRoot && !TunIsOpen() ? [programs.Unshare, "--mount", "--propagation", "private", "--", "/bin/sh", "-c", OwnTun, "sh"] : [],
            User = user,
            ConfinesItself = true,
            WorkingDirectory = "/",
            CpuSeconds = Limits.NodeWallSeconds.Ceiling,
            DataBytes = 512L * 1024 * 1024,
            Processes = 64,
            OpenFiles = 4096,
        };
    }

    private static bool TunIsOpen() => File.Exists("/dev/net/tun") && File.GetUnixFileMode("/dev/net/tun").HasFlag(UnixFileMode.OtherRead | UnixFileMode.OtherWrite);

    private static string Tidy(string text) => string.Join(' ', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains("syslog", StringComparison.Ordinal)));

    private static SecFlowException Failed(string why, Exception? inner = null) =>
        new(new Diagnostic(Codes.NetworkRulesFailed, $"The rules of the sandbox's network do not hold, so nothing was started: {why}. Expected an empty network namespace, exactly the planned rules, and a refused attempt. Run 'secflow doctor' and do what it says.") { Rule = "sandbox.network" }, inner);
}
