using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Tests.Sandboxing.Network;

/// <summary>Rules that are missing or broken: the payload does not start.</summary>
[Trait("Category", "Confinement")]
public sealed class NetworkRefusalTests
{
    // Answers as nft does, and loads nothing: what was given is shown as if the kernel held it.
    private const string LyingNft = """
        #!/usr/bin/bash
        if [ "$2" = -f ]; then read -r -d '' x; x=${x//'},{"add":'/,}; x=${x/'{"add":'/}; printf '%s]}\n' "${x%'}]}'}" >/tmp/rules; exit 0; fi
        if [ "$3" = counters ]; then echo '{"nftables":[{"counter":{"name":"accepted","packets":0}},{"counter":{"name":"blocked","packets":0}}]}'; exit; fi
        read -r x </tmp/rules; echo "$x"
        """;

    [NetworkTheory]
    [InlineData("nft", "/usr/bin/false", "could not be loaded")]
    [InlineData("nft", "/usr/bin/true", "other rules")]
    [InlineData("pasta", "/usr/bin/false", "pasta ended with 1")]
    [InlineData("nft", null, "was not refused")]
    public async Task Start_BrokenProgram_RefusesAndLeavesNothing(string which, string? program, string expected)
    {
        var means = (await Payload.Sandbox).Means;
        var folder = Directory.CreateDirectory($"/var/tmp/secflow-test-{Guid.NewGuid():N}");
        try
        {
            program ??= Script(folder.FullName);
            var programs = which == "nft" ? means.Network! with { Nft = program } : means.Network! with { Pasta = program };
            var error = await Should.ThrowAsync<SecFlowException>(() =>
                SandboxedProcess.StartAsync(means with { Network = programs }, Networked.Bash(Networked.Plan(Networked.Rule("127.0.0.1/32", 1)), "echo started"), CancellationToken.None));

            error.Code.ShouldBe(Codes.NetworkRulesFailed);
            error.Message.ShouldContain(expected);
            await LeftOvers.ShouldBeNoneAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Start_MachineWithoutScopedNetwork_RefusesWithReasonAndRemedy()
    {
        var means = (await Payload.Sandbox).Means with { Network = null, NetworkRefusal = SandboxRemedies.NetworkRefusal(new SandboxLayer(NetworkProbe.Layer, false, "passt is not installed", "Install it.")) };

        var error = await Should.ThrowAsync<SecFlowException>(() => SandboxedProcess.StartAsync(means, Networked.Bash(Networked.Plan(Networked.Rule("127.0.0.1/32", 80)), "true"), CancellationToken.None));

        error.Code.ShouldBe(Codes.NetworkScopeUnavailable);
        error.Message.ShouldContain("passt is not installed");
        error.Diagnostics[0].Remedy.ShouldBe("Install it.");
    }

    [Fact]
    public async Task Start_PlanThatAllowsNothing_HasNoNetworkAtAll()
    {
        var (_, output, count) = await Networked.RunAsync(Networked.Bash(Networked.Plan(), "while read -r name rest; do echo $name; done </proc/net/dev"));

        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.EndsWith(':')).ShouldBe(["lo:"]);
        count.ShouldBe(NetworkCount.None);
    }

    private static string Script(string folder)
    {
        var path = Path.Combine(folder, "nft");
        File.WriteAllText(path, LyingNft.ReplaceLineEndings("\n"));
        const UnixFileMode all = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(path, all);
        File.SetUnixFileMode(folder, all);
        return path;
    }
}
