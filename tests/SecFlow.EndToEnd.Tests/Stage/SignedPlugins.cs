using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.EndToEnd.Tests.Stage;

/// <summary>Plugins of the tests, the way a real one gets in: packed, signed with a key of this test, trusted by a rule of the policy, approved and enabled by an administrator.</summary>
internal sealed class SignedPlugins(IServiceProvider services, string dataFolder) : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _sources = Directory.CreateTempSubdirectory("secflow-plugin-").FullName;
    private bool _trusted;

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_sources, recursive: true);
    }

    /// <summary>Signs and installs a plugin whose index.js is <paramref name="script"/>; enabled afterwards.</summary>
    public async Task<PluginVersion> InstallAsync(string id, string script, string limits = "", string network = "targets", string minLevel = "L1", string version = "1.0.0")
    {
        await TrustAsync();
        var zip = await PackAsync(id, script, version, "", limits, network, minLevel);
        var registry = services.GetRequiredService<PluginRegistry>();
        var admin = Actor.System(name: "administrator of the tests");
        var row = await registry.InstallAsync(admin, zip, CancellationToken.None);
        foreach (var state in new[] { PluginState.Submitted, PluginState.Approved, PluginState.Enabled })
        {
            row = await registry.ChangeStateAsync(admin, row.Id, state, "needed by a test", CancellationToken.None);
        }

        return row;
    }

    /// <summary>Path of a signed package; whether its signer is trusted is another matter (<see cref="TrustAsync"/>).</summary>
    public async Task<string> PackAsync(string id, string script, string version = "1.0.0", string permissions = "", string limits = "", string network = "targets", string minLevel = "L1")
    {
        var folder = Path.Combine(_sources, id);
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "plugin.yaml"), $$"""
            apiVersion: secflow/v1
            id: {{id}}
            version: {{version}}
            title: A plugin of the tests
            description: Does what a test needs.
            publisher: tests
            license: Apache-2.0
            intrusiveness: safe
            outputs:
              findings: { type: findings, required: true }
            permissions:
              network: {{network}}
            {{permissions}}
            minLevel: {{minLevel}}
            {{limits}}
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "config.schema.json"), """{ "type": "object", "additionalProperties": false, "properties": {} }""");
        await File.WriteAllTextAsync(Path.Combine(folder, "README.md"), "# A plugin of the tests\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "index.js"), script);
        var signed = PackageWriter.Sign(PackageWriter.Pack(folder), _key);
        var zip = Path.Combine(_sources, $"{id}-{version}.zip");
        await using var stream = File.Create(zip);
        PackageWriter.WriteZip(signed, stream);
        return zip;
    }

    /// <summary>Puts a rule for the key of these tests into the policy, once.</summary>
    public async Task TrustAsync()
    {
        if (_trusted)
        {
            return;
        }

        var pem = _key.ExportSubjectPublicKeyInfoPem() + "\n";
        await File.WriteAllTextAsync(Path.Combine(dataFolder, "trust", "tests.pub"), pem);
        var digest = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(pem)));
        var policies = services.GetRequiredService<TrustPolicyService>();
        var yaml = (await policies.CurrentAsync(CancellationToken.None)).Yaml.TrimEnd();
        // beside the rule of the built-in plugins, with its indentation
        var first = yaml.IndexOf("- name:", StringComparison.Ordinal);
        var indent = new string(' ', first - yaml.LastIndexOf('\n', first) - 1);
        var rule = $"- name: tests\n{indent}  match: {{ plugins: [\"scan.test-*\"] }}\n{indent}  authorities: [ {{ key: {{ id: tests, file: trust/tests.pub, sha256: \"{digest}\", tlog: 0, timestamps: 0 }} }} ]\n{indent}";
        yaml = yaml.Insert(first, rule);
        await policies.ReplaceAsync(Actor.System(name: "administrator of the tests"), yaml, CancellationToken.None);
        _trusted = true;
    }
}
