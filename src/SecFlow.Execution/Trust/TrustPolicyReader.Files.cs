using System.Security.Cryptography;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;

namespace SecFlow.Execution.Trust;

// The files that a policy names, each pinned by its digest.
public sealed partial class TrustPolicyReader
{
    private void Roots(YamlFields spec)
    {
        foreach (var (name, fields) in spec.Named("trustRoots", "a name such as public", 8, Name(), "file", "sha256", "demoOnly"))
        {
            var demoOnly = fields.Flag("demoOnly", fallback: false);
            _roots[name] = PinnedFile(fields, TrustedRootReader.MaxBytes) is { } bytes && Root(fields, bytes) is { } root
                ? new PinnedRoot(name, fields.Word("file")!, root, demoOnly)
                : null;
        }
    }

    private static TrustedRoot? Root(YamlFields fields, byte[] bytes)
    {
        try
        {
            return TrustedRootReader.Read(bytes);
        }
        catch (BundleFormatException e)
        {
            fields.Problem("file", TrustRootText.Unusable(fields.Word("file")!, e), Codes.TrustRootRefused);
            return null;
        }
    }

    /// <summary>The bytes of the file that a mapping names by <c>file</c> and pins by <c>sha256</c>; null after a problem.</summary>
    private byte[]? PinnedFile(YamlFields fields, int atMost = 1024 * 1024)
    {
        var file = fields.Text("file", "a path inside the data folder such as trust/team.pub", 200, required: true, RelativePath());
        var expected = fields.Text("sha256", "64 lower-case hex digits", 64, required: true, Hex());
        if (file is null || expected is null)
        {
            return null;
        }

        var path = Path.Combine(_dataFolder, file.Replace('/', Path.DirectorySeparatorChar));
        try
        {
            if (!File.Exists(path) || RegularFile.WhatElse(path) is not null || new FileInfo(path).Length > atMost)
            {
                fields.Problem("file", $"The file '{file}' is not a regular file of at most {atMost / (1024 * 1024)} MiB in the data folder. Put it there or correct the path.");
                return null;
            }

            var bytes = File.ReadAllBytes(path);
            var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
            if (found == expected)
            {
                return bytes;
            }

            fields.Problem("sha256", $"The file '{file}' has the digest {found}; expected {expected}. It was changed, or the policy names another file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fields.Problem("file", $"The file '{file}' could not be read: {e.Message}");
        }

        return null;
    }
}
