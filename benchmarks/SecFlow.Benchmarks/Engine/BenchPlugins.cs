using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Benchmarks.Engine;

/// <summary>Plugins of the benchmarks, the way a real one gets in: packed, signed, trusted by a rule of the policy, approved, enabled.</summary>
internal sealed class BenchPlugins(IServiceProvider services, string dataFolder) : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _sources = Directory.CreateTempSubdirectory("secflow-bench-plugin-").FullName;
    private readonly HashSet<string> _installed = new(StringComparer.Ordinal);
    private readonly Actor _admin = Actor.System(name: "benchmark");
    private bool _trusted;

    /// <summary>Installs it once in a call of ./bench. <paramref name="id"/> is <c>category.bench-something</c>.</summary>
    public async Task InstallAsync(string id, string script, string output, CancellationToken ct, string? input = null)
    {
        if (!_installed.Add(id))
        {
            return;
        }

        await TrustAsync(ct);
        var folder = Path.Combine(_sources, id);
        Directory.CreateDirectory(folder);
        var manifest = $$"""
            apiVersion: secflow/v1
            id: {{id}}
            version: 1.0.0
            title: A plugin of the benchmarks
            description: Does what is measured.
            publisher: benchmarks
            license: Apache-2.0
            intrusiveness: safe
            {{(input is null ? "" : $"inputs: {{ {input}: {{ type: {input}, required: true }} }}")}}
            outputs:
              {{output}}: { type: {{output}}, required: true }
            permissions:
              network: targets
            minLevel: L1
            """;
        await File.WriteAllTextAsync(Path.Combine(folder, "plugin.yaml"), manifest, ct);
        await File.WriteAllTextAsync(Path.Combine(folder, "config.schema.json"), """{ "type": "object", "properties": { "count": { "type": "integer" }, "writer": { "type": "integer" }, "url": { "type": "string" } } }""", ct);
        await File.WriteAllTextAsync(Path.Combine(folder, "README.md"), "# A plugin of the benchmarks\n", ct);
        await File.WriteAllTextAsync(Path.Combine(folder, "index.js"), script, ct);
        var zip = Path.Combine(_sources, id + ".zip");
        await using (var stream = File.Create(zip))
        {
            PackageWriter.WriteZip(PackageWriter.Sign(PackageWriter.Pack(folder), _key), stream);
        }

        var registry = services.GetRequiredService<PluginRegistry>();
        var row = await registry.InstallAsync(_admin, zip, ct);
        foreach (var state in new[] { PluginState.Submitted, PluginState.Approved, PluginState.Enabled })
        {
            row = await registry.ChangeStateAsync(_admin, row.Id, state, "needed by a benchmark", ct);
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_sources, recursive: true);
    }

    private async Task TrustAsync(CancellationToken ct)
    {
        if (_trusted)
        {
            return;
        }

        var pem = _key.ExportSubjectPublicKeyInfoPem() + "\n";
        Directory.CreateDirectory(Path.Combine(dataFolder, "trust"));
        await File.WriteAllTextAsync(Path.Combine(dataFolder, "trust", "bench.pub"), pem, ct);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(pem)));
        await services.GetRequiredService<TrustPolicyService>().ReplaceAsync(
            _admin,
            $$"""
            apiVersion: secflow/v1
            kind: PluginTrustPolicy
            spec:
              noMatch: deny
              rules:
                - name: bench
                  match: { plugins: ["scan.bench-*", "discovery.bench-*"] }
                  authorities: [ { key: { id: bench, file: trust/bench.pub, sha256: "{{digest}}", tlog: 0, timestamps: 0 } } ]
            """,
            ct);
        _trusted = true;
    }
}
