using System.Text;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Plugins;

public sealed class ManifestReaderTests
{
    private const string Minimal = "apiVersion: secflow/v1\nid: scan.dummy\nversion: 1.0.0\ntitle: Dummy\nintrusiveness: passive\n";

    [Fact]
    public void Read_Minimal_GivesTheDefaults()
    {
        var manifest = Read(Minimal).Manifest!;
        manifest.Permissions.Network.ShouldBe(NetworkPermission.None);
        manifest.MinLevel.ShouldBe(SandboxLevel.L2);
        manifest.Fingerprint.ShouldBe(["ruleId", "location", "method", "parameter"]);
        manifest.Category.ShouldBe("scan");
    }

    [Fact]
    public void Read_EveryKey_IsKept()
    {
        var manifest = Read("""
            apiVersion: secflow/v1
            id: discovery.feroxbuster
            aliases: [discovery.ferox, scan.feroxbuster]
            version: 2.1.0-rc.1+5
            title: Feroxbuster
            description: Finds paths.
            publisher: Somebody
            license: MIT
            homepage: https://example.org/x
            intrusiveness: intrusive
            inputs: { urls: { type: urls, required: true } }
            outputs: { urls: { type: urls }, findings: { type: findings } }
            tools:
              - { name: feroxbuster, minVersion: "2.10.0", versionArgs: [--version], versionPattern: "feroxbuster ([0-9.]+)", install: { debian: apt install it } }
            permissions: { network: { hosts: ["api.example.org:443"] }, files: target, secrets: [api-token], resources: ["res://wordlist/common:latest"] }
            fingerprint: [ruleId, location]
            minLevel: L3
            limits: { host: { statements: 6000000, heapBytes: 1000000 }, tool: { processes: 10 } }
            """).Manifest!;
        manifest.Aliases.ShouldBe(["discovery.ferox", "scan.feroxbuster"]);
        manifest.Intrusiveness.ShouldBe(Intrusiveness.Intrusive);
        manifest.Inputs.ShouldHaveSingleItem().ShouldBe(new PluginPort("urls", "urls", true));
        manifest.Outputs.Count.ShouldBe(2);
        manifest.Tools.ShouldHaveSingleItem().Install["debian"].ShouldBe("apt install it");
        manifest.Permissions.Hosts.ShouldBe(["api.example.org:443"]);
        manifest.Permissions.TargetFiles.ShouldBeTrue();
        manifest.HostLimits["statements"].ShouldBe(6_000_000);
        manifest.ToolLimits["processes"].ShouldBe(10);
        manifest.MinLevel.ShouldBe(SandboxLevel.L3);
    }

    [Theory]
    [InlineData("id: scan.dummy", "id: Scan.Dummy", "id", 2)]
    [InlineData("id: scan.dummy", "id: scam.dummy", "id", 2)]
    [InlineData("id: scan.dummy", "id: scan", "id", 2)]
    [InlineData("id: scan.dummy\n", "", "id", 1)]
    [InlineData("version: 1.0.0", "version: 1.0", "version", 3)]
    [InlineData("version: 1.0.0", "version: 01.0.0", "version", 3)]
    [InlineData("title: Dummy", "title: ''", "title", 4)]
    [InlineData("title: Dummy", "title: [a]", "title", 4)]
    [InlineData("intrusiveness: passive", "intrusiveness: gentle", "intrusiveness", 5)]
    [InlineData("secflow/v1", "secflow/v2", "apiVersion", 1)]
    [InlineData("title: Dummy", "title: Dummy\ntitle: Again", "title", 5)]
    [InlineData("title: Dummy", "title: Dummy\nnope: 1", "nope", 5)]
    [InlineData("title: Dummy", "title: Dummy\naliases: [scan.dummy]", "aliases", 5)]
    [InlineData("title: Dummy", "title: Dummy\naliases: [scan.a, scan.a]", "aliases[1]", 5)]
    [InlineData("title: Dummy", "title: Dummy\nhomepage: javascript:alert(1)", "homepage", 5)]
    [InlineData("title: Dummy", "title: Dummy\noutputs: { findings: { type: finding } }", "outputs.findings.type", 5)]
    [InlineData("title: Dummy", "title: Dummy\noutputs: { findings: findings }", "outputs.findings", 5)]
    [InlineData("title: Dummy", "title: Dummy\noutputs: { 1a: { type: urls } }", "outputs.1a", 5)]
    [InlineData("title: Dummy", "title: Dummy\ninputs: [urls]", "inputs", 5)]
    [InlineData("title: Dummy", "title: Dummy\ntools: [{ name: ../x }]", "tools[0].name", 5)]
    [InlineData("title: Dummy", "title: Dummy\ntools: [{ name: a }, { name: a }]", "tools[1].name", 5)]
    [InlineData("title: Dummy", "title: Dummy\ntools: [{ name: a, versionPattern: '(' }]", "tools[0].versionPattern", 5)]
    [InlineData("title: Dummy", "title: Dummy\ntools: [{ name: a, versionPattern: '(?=x)' }]", "tools[0].versionPattern", 5)]
    [InlineData("title: Dummy", "title: Dummy\npermissions: { network: all }", "permissions.network", 5)]
    [InlineData("title: Dummy", "title: Dummy\npermissions: { network: { hosts: [] } }", "permissions.network.hosts", 5)]
    [InlineData("title: Dummy", "title: Dummy\npermissions: { network: { hosts: ['a:99999'] } }", "permissions.network.hosts", 5)]
    [InlineData("title: Dummy", "title: Dummy\npermissions: { files: all }", "permissions.files", 5)]
    [InlineData("title: Dummy", "title: Dummy\npermissions: { resources: ['file:///etc'] }", "permissions.resources[0]", 5)]
    [InlineData("title: Dummy", "title: Dummy\nfingerprint: [severity]", "fingerprint[0]", 5)]
    [InlineData("title: Dummy", "title: Dummy\nminLevel: L0", "minLevel", 5)]
    [InlineData("title: Dummy", "title: Dummy\nlimits: { host: { heapBytes: 536870913 } }", "limits.host.heapBytes", 5)]
    [InlineData("title: Dummy", "title: Dummy\nlimits: { host: { heap: 1 } }", "limits.host.heap", 5)]
    [InlineData("title: Dummy", "title: Dummy\nlimits: { tool: { processes: many } }", "limits.tool.processes", 5)]
    [InlineData("title: Dummy", "title: &a Dummy", "title", 4)]
    [InlineData("title: Dummy", "title: !!str Dummy", "title", 4)]
    [InlineData("title: Dummy", "title: Dummy\ndescription: *a", "description", 5)]
    [InlineData("title: Dummy", "title: Dummy\npermissions: { <<: { network: none } }", "permissions", 5)]
    public void Read_OneThingWrong_SaysWhereAndWhy(string from, string to, string path, int line)
    {
        var problems = Read(Minimal.Replace(from, to, StringComparison.Ordinal)).Problems;
        problems.ShouldContain(p => p.Path == path && p.Line == line && p.Code == Codes.ManifestInvalid, string.Join("\n", problems.Select(p => p.Path + " " + p)));
    }

    [Fact]
    public void Read_SeveralThingsWrong_TellsAllAtOnceWithTheNearestSpelling()
    {
        var reading = Read("apiVersion: secflow/v1\nid: scna.dummy\nversion: x\ntitel: Dummy\nintrusiveness: pasive\n");
        reading.Manifest.ShouldBeNull();
        reading.Problems.Count.ShouldBe(5);
        reading.Problems.ShouldContain(p => p.Message.Contains("Did you mean 'title'?"));
        reading.Problems.ShouldContain(p => p.Message.Contains("Did you mean 'passive'?"));
        reading.Problems.ShouldContain(p => p.Message.Contains("Did you mean 'scan'?"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a\n- b\n")]
    [InlineData("just a text")]
    [InlineData("a: [")]
    [InlineData("a: b\n---\nc: d\n")]
    [InlineData("? [a, b]\n: c\n")]
    public void Read_NotOneMapping_IsAProblem(string yaml) => Read(yaml).Problems.ShouldNotBeEmpty();

    [Fact]
    public void Read_TooLargeTooDeepOrNotUtf8_IsAProblem()
    {
        Read(Minimal + "description: '" + new string('x', 70_000) + "'").Problems.ShouldHaveSingleItem().Message.ShouldContain("bytes");
        Read(new string('[', 5000)).Problems.ShouldNotBeEmpty();
        ManifestReader.Read(new byte[] { 0x61, 0x3a, 0x20, 0xff, 0xfe }).Problems.ShouldHaveSingleItem().Message.ShouldContain("UTF-8");
    }

    private static ManifestReading Read(string yaml) => ManifestReader.Read(Encoding.UTF8.GetBytes(yaml));
}
