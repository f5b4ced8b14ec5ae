using System.Net;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Sandboxing.Network;
using Xunit.Abstractions;

namespace SecFlow.Execution.Tests.Sandboxing.Network;

/// <summary>Real tools in real namespaces: they reach what is planned, and nothing else.</summary>
[Trait("Category", "Confinement")]
public sealed class NetworkScopeTests(ITestOutputHelper log)
{
    private const string Gateway = "198.18.77.1";
    private const string Curl = "/usr/bin/curl";
    private const int CouldNotResolve = 6;

    [NetworkFact]
    public async Task Curl_ApprovedLoopbackPort_IsReachedAndNothingElse()
    {
        await using var approved = Site.Start();
        await using var other = Site.Start();

        // One line per attempt: its name and curl's exit code, all at once because a refusal takes a second.
        var (exit, output, count) = await Networked.RunAsync(Networked.Bash(
            Networked.Plan(Networked.Rule(approved)),
            """
            try() { curl -sS -m 8 -o /dev/null "$2" 2>/dev/null; echo "$1 $?"; }
            try approved "http://127.0.0.1:$1/" &
            try other-port "http://127.0.0.1:$2/" &
            try gateway "http://$3:$2/" &
            try gateway-approved-port "http://$3:$1/" &
            try metadata http://169.254.169.254/ &
            try other-host http://203.0.113.1/ &
            try other-loopback "http://127.0.0.2:$1/" &
            try own-address "http://198.18.77.2:$1/" &
            try ipv6-loopback "http://[::1]:$1/" &
            try ipv6 "http://[fd00::2]:$1/" &
            (exec 3<>/dev/udp/$3/53 && echo x >&3) 2>/dev/null; echo "udp $?"
            (exec 3<>/dev/udp/127.0.0.1/$1 && echo x >&3) 2>/dev/null
            wait
            """,
            $"{approved.Port}", $"{other.Port}", Gateway));

        exit.End.ShouldBe(SandboxEnd.Exited);
        var codes = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(pair => pair[0], pair => pair[1]);
        codes.Count.ShouldBe(11, output);
        codes.Where(pair => pair.Value == "0").Select(pair => pair.Key).ShouldBe(["approved"]);
        approved.Connections.ShouldBe(1);
        other.Connections.ShouldBe(0);
        count.Known.ShouldBeTrue();
        count.Accepted.ShouldBe(1);
        count.Blocked.ShouldBeGreaterThanOrEqualTo(5);
    }

    [NetworkFact]
    public async Task Curl_AnotherAddressOfThePlan_IsReachedBesideLoopback()
    {
        if (Site.OtherAddress() is not { } elsewhere)
        {
            log.WriteLine("Not tried: this machine has no address but its loopback.");
            return;
        }

        await using var near = Site.Start();
        await using var far = Site.Start(elsewhere);
        await using var unplanned = Site.Start(elsewhere);

        var (_, output, count) = await Networked.RunAsync(Networked.Bash(
            Networked.Plan(Networked.Rule(near), Networked.Rule(far)),
            "for url in \"$@\"; do curl -sS -m 8 -o /dev/null -w '%{http_code} ' \"$url\" 2>/dev/null; done",
            near.Url, far.Url, unplanned.Url));

        output.ShouldBe("200 200 000 ");
        unplanned.Connections.ShouldBe(0);
        count.Accepted.ShouldBe(2);
        count.Blocked.ShouldBeGreaterThan(0);
    }

    [NetworkFact]
    public async Task Curl_NetworkAndRangeOfPorts_AreReachedToTheirEdges()
    {
        if (Site.OtherAddress() is not { } elsewhere)
        {
            log.WriteLine("Not tried: this machine has no address but its loopback.");
            return;
        }

        await using var site = Site.Start(elsewhere);
        var block = elsewhere.GetAddressBytes();
        block[3] &= 0xF0;
        var network = new IPNetwork(new IPAddress(block), 28);
        var inside = Networked.Plan(new NetworkRule(network, site.Port - 1, site.Port + 1));
        var below = Networked.Plan(new NetworkRule(network, 1, site.Port - 1), new NetworkRule(network, site.Port + 1, 65535));

        (await Networked.RunAsync(Networked.Spec(inside, Curl, "-sS", "-m", "8", site.Url))).Exit.ExitCode.ShouldBe(0);
        (await Networked.RunAsync(Networked.Spec(below, Curl, "-sS", "-m", "8", site.Url))).Exit.ExitCode.ShouldNotBe(0);
        site.Connections.ShouldBe(1);
    }

    [NetworkFact]
    public async Task Curl_RedirectToAnUnapprovedPlace_EndsThere()
    {
        await using var elsewhere = Site.Start();
        await using var approved = Site.Start(away: elsewhere.Url);

        var (exit, _, _) = await Networked.RunAsync(Networked.Spec(Networked.Plan(Networked.Rule(approved)), Curl, "-sSL", "-m", "8", approved.Url + "away"));

        exit.ExitCode.ShouldNotBe(0);
        approved.Connections.ShouldBe(1);
        elsewhere.Connections.ShouldBe(0);
    }

    [NetworkFact]
    public async Task Curl_PinnedName_IsAnsweredAndNoOther()
    {
        await using var site = Site.Start();
        var plan = Networked.Plan(Networked.Rule(site)) with { Names = new Dictionary<string, IReadOnlyList<IPAddress>>(StringComparer.Ordinal) { ["shop.example"] = [IPAddress.Loopback, IPAddress.IPv6Loopback] } };

        var pinned = await Networked.RunAsync(Networked.Spec(plan, Curl, "-sS", "-m", "8", $"http://shop.example:{site.Port}/"));
        var other = await Networked.RunAsync(Networked.Spec(plan, Curl, "-sS", "-m", "8", $"http://elsewhere.example:{site.Port}/"));
        var files = await Networked.RunAsync(Networked.Bash(plan, "cat /etc/hosts /etc/nsswitch.conf /etc/resolv.conf"));

        pinned.Output.ShouldBe("content");
        other.Exit.ExitCode.ShouldBe(CouldNotResolve);
        files.Output.ShouldBe("127.0.0.1 localhost\n127.0.0.1 shop.example\nhosts: files\n");
    }

    [NetworkFact]
    public async Task Nmap_OpenAndClosedAndForbiddenPorts_AreToldApart()
    {
        await using var open = Site.Start();
        await using var forbidden = Site.Start();
        var closed = Enumerable.Range(20000, 2000).First(port => port != open.Port && port != forbidden.Port);
        var plan = Networked.Plan(Networked.Rule(open), Networked.Rule("127.0.0.1/32", closed));

        var (exit, output, _) = await Networked.RunAsync(Networked.Spec(plan, "/usr/bin/nmap", "-sT", "-Pn", "-n", "-d", "-oG", "-", "-p", $"{open.Port},{closed},{forbidden.Port}", "127.0.0.1"));

        exit.ExitCode.ShouldBe(0, exit.StderrHead);
        output.ShouldContain($"{open.Port}/open/");
        output.ShouldContain($"{closed}/closed/", customMessage: output);
        output.ShouldNotContain($"{forbidden.Port}/open/");
        forbidden.Connections.ShouldBe(0);
    }

    [NetworkFact]
    public async Task Ffuf_ApprovedServer_FindsItsPathsAndNoOtherServer()
    {
        await using var site = Site.Start();
        await using var other = Site.Start();

        var (exit, output, count) = await Networked.RunAsync(Networked.Bash(
            Networked.Plan(Networked.Rule(site)),
            "printf 'admin\\nnothing\\n' >/tmp/words; ffuf -s -w /tmp/words -u \"http://127.0.0.1:$1/FUZZ\"; ffuf -s -timeout 3 -w /tmp/words -u \"http://127.0.0.1:$2/FUZZ\"",
            $"{site.Port}", $"{other.Port}"));

        output.ShouldBe("admin\n", exit.StderrHead);
        other.Connections.ShouldBe(0);
        count.Accepted.ShouldBeGreaterThanOrEqualTo(2);
    }

    [NetworkFact]
    public async Task Payload_HasNoRightsOverItsNetwork()
    {
        await using var site = Site.Start();

        // Each line is printed only when it worked.
        var (_, output, _) = await Networked.RunAsync(Networked.Bash(
            Networked.Plan(Networked.Rule(site)),
            """
            nft flush ruleset 2>/dev/null && echo flushed
            nft list ruleset 2>/dev/null | grep -q secflow && echo listed
            ip route add 10.0.0.0/8 dev sf0 2>/dev/null && echo routed
            ip link set sf0 down 2>/dev/null && echo down
            unshare -r true 2>/dev/null && echo userns
            nsenter -t 1 -n true 2>/dev/null && echo entered
            (echo 1 >/proc/sys/net/ipv4/ip_forward) 2>/dev/null && echo forwarding
            echo done
            """));

        output.ShouldBe("done\n");
    }

    [NetworkFact]
    public async Task Port_OfThePortal_IsNotInThePlanOfAHostTarget()
    {
        await using var portal = Site.Start();
        await using var site = Site.Start();
        var scope = await Targets.Scopes.PinAsync([Targets.Scopes.Host("127.0.0.1")], new Dictionary<string, string[]>(StringComparer.Ordinal), null, portal.Port);

        var (_, output, _) = await Networked.RunAsync(Networked.Bash(
            scope.NetworkPlan(), "for url in \"$@\"; do curl -sS -m 8 -o /dev/null -w '%{http_code} ' \"$url\" 2>/dev/null; done", site.Url, portal.Url));

        output.ShouldBe("200 000 ");
        portal.Connections.ShouldBe(0);
    }

    [NetworkFact]
    public async Task End_AndKill_LeaveNoProcess()
    {
        await using var site = Site.Start();
        var sandbox = await Payload.Sandbox;
        var plan = Networked.Plan(Networked.Rule(site));
        await Networked.RunAsync(Networked.Spec(plan, "/usr/bin/true"));

        var process = await SandboxedProcess.StartAsync(sandbox, Networked.Spec(plan, "/usr/bin/sleep", "60"), CancellationToken.None);
        process.Kill();
        (await process.Exit).End.ShouldBe(SandboxEnd.Killed);
        await process.DisposeAsync();

        await LeftOvers.ShouldBeNoneAsync();
    }

    [NetworkFact]
    public async Task Start_Cancelled_LeavesNoProcess()
    {
        using var cancel = new CancellationTokenSource();
        var starting = SandboxedProcess.StartAsync(await Payload.Sandbox, Networked.Spec(Networked.Plan(Networked.Rule("127.0.0.1/32", 80)), "/usr/bin/sleep", "60"), cancel.Token);
        await cancel.CancelAsync();

        try
        {
            await (await starting).DisposeAsync();
        }
        catch (OperationCanceledException)
        {
            // Cancelled in time, or ready before: both are fine.
        }

        await LeftOvers.ShouldBeNoneAsync();
    }
}
