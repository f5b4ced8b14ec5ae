using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Trust;

namespace SecFlow.Cli.Plugins.Signing;

/// <summary>The trust policy that the options of <c>plugin verify</c> stand for: one rule for one signer.</summary>
internal static class GivenTrust
{
    /// <summary>The policy of a file; its keys and roots are looked for from the folder above it.</summary>
    public static TrustPolicy OfPolicy(FileInfo policy) => Read(File.ReadAllText(policy.FullName), policy.Directory!.Parent?.FullName ?? policy.DirectoryName!, policy.Name);

    /// <summary>Trusts this one key for everything, without a log.</summary>
    public static TrustPolicy OfKey(FileInfo key) => Of(key, digest => $$"""
            apiVersion: secflow/v1
            kind: PluginTrustPolicy
            spec:
              noMatch: deny
              rules:
                - name: given-key
                  authorities: [ { key: { file: given, sha256: "{{digest}}", tlog: 0, timestamps: 0 } } ]
            """);

    /// <summary>Trusts this one identity for everything, under this root. What the root is, the caller says: also a laboratory's.</summary>
    public static TrustPolicy OfIdentity(string identity, string issuer, FileInfo root) => Of(root, digest => $$"""
            apiVersion: secflow/v1
            kind: PluginTrustPolicy
            spec:
              noMatch: deny
              trustRoots: { given: { file: given, sha256: "{{digest}}", demoOnly: true } }
              rules:
                - name: given-identity
                  match: { teams: [demo] }
                  authorities: [ { keyless: { root: given, issuer: {{JsonSerializer.Serialize(issuer)}}, identity: { exact: {{JsonSerializer.Serialize(identity)}} } } } ]
            """);

    /// <summary>A policy names files relative to a folder and in few letters: the file is copied to such a place.</summary>
    private static TrustPolicy Of(FileInfo file, Func<string, string> yaml)
    {
        var folder = Directory.CreateTempSubdirectory("secflow-trust-").FullName;
        try
        {
            var bytes = File.ReadAllBytes(file.FullName);
            File.WriteAllBytes(Path.Combine(folder, "given"), bytes);
            return Read(yaml(Convert.ToHexStringLower(SHA256.HashData(bytes))), folder, file.Name);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static TrustPolicy Read(string yaml, string folder, string name)
    {
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(yaml), folder);
        return reading.Policy ?? throw new SecFlowException([.. reading.Problems.Select(p => new Diagnostic(Codes.OptionInvalid, $"{name}: {p.Message}") { Line = p.Line, Column = p.Column })]);
    }
}
