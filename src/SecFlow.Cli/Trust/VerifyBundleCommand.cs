using System.CommandLine;
using System.Security.Cryptography;
using SecFlow.Execution.Diagnostics;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Cli.Trust;

/// <summary>
/// Verifies one Sigstore bundle offline, by the protocol of the public conformance suite: 0 verified, 1 rejected, 2 usage. A bundle or a trusted root that cannot
/// be read is a rejection; a key that cannot be read, or a file that is not there, is a mistake of the caller.
/// </summary>
internal static class VerifyBundleCommand
{
    /// <summary>Above this an artifact is hashed as it is read, which every kind of key but a few can do with.</summary>
    private const long LargestInMemory = 256 * 1024 * 1024;

    private const int LargestKey = 64 * 1024;
    private const string DigestPrefix = "sha256:";

    /// <summary>No certificate, so no time is needed; what the bundle has of times must be right all the same.</summary>
    private static readonly VerificationThresholds _withKey = new() { Timestamps = 0 };

    public static Command Create(Terminal terminal)
    {
        var bundle = new Option<FileInfo>("--bundle") { Description = "The Sigstore bundle.", Required = true, HelpName = "FILE" }.AcceptExistingOnly();
        var identity = new Option<string>("--certificate-identity") { Description = "Who must have signed, compared exactly.", HelpName = "IDENTITY" };
        var issuer = new Option<string>("--certificate-oidc-issuer") { Description = "Who must have vouched for the identity, compared exactly.", HelpName = "URL" };
        var key = new Option<FileInfo>("--key") { Description = "PEM of the public key that must have signed.", HelpName = "FILE" }.AcceptExistingOnly();
        var root = new Option<FileInfo>("--trusted-root") { Description = "Authorities and logs to trust (trusted_root.json). There is none built in.", Required = true, HelpName = "FILE" }.AcceptExistingOnly();
        var artifact = new Argument<string>("FILE_OR_DIGEST") { Description = "The artifact, or sha256: and 64 hexadecimal digits." };
        var format = Options.Format("table", "json");
        var command = new Command("verify-bundle", "Verify a Sigstore bundle offline; exit code 1 when it is rejected.") { bundle, identity, issuer, key, root, artifact, format };
        command.Validators.Add(result =>
        {
            var (hasIdentity, hasIssuer) = (result.GetValue(identity) is { Length: > 0 }, result.GetValue(issuer) is { Length: > 0 });
            if (result.GetValue(key) is null ? !(hasIdentity && hasIssuer) : hasIdentity || hasIssuer)
            {
                result.AddError("verify-bundle needs either --key, or --certificate-identity and --certificate-oidc-issuer.");
            }
        });
        command.SetAction(async (parsed, _) =>
        {
            var subject = Open(parsed.GetRequiredValue(artifact));
            using var trusted = parsed.GetValue(key) is { } file ? ReadKey(file) : null;
            var result = Verify(
                Read(parsed.GetRequiredValue(bundle), BundleLimits.Bytes), Read(parsed.GetRequiredValue(root), TrustedRootReader.MaxBytes), subject, trusted,
                trusted is null ? new IdentityRequirement(parsed.GetValue(identity)!, parsed.GetValue(issuer)!) : null);
            await SayAsync(terminal, result, parsed.GetRequiredValue(format) == "json");
            return result is VerifiedBundle ? ExitCodes.Done : ExitCodes.Rejected;
        });
        return command;
    }

    private static VerificationResult Verify(byte[] bundle, byte[] root, Artifact artifact, VerificationKey? key, IdentityRequirement? identity)
    {
        TrustedRoot trusted;
        try
        {
            trusted = TrustedRootReader.Read(root);
        }
        catch (BundleFormatException e)
        {
            return RejectedBundle.MalformedRoot(e);
        }

        try
        {
            var read = BundleReader.Read(bundle);
            return key is null
                ? BundleVerifier.Verify(read, artifact, trusted, [identity!], new VerificationThresholds())
                : BundleVerifier.Verify(read, artifact, key, trusted, keyValidFor: null, _withKey);
        }
        catch (BundleFormatException e)
        {
            return RejectedBundle.Malformed(e);
        }
    }

    private static Artifact Open(string fileOrDigest)
    {
        if (fileOrDigest.StartsWith(DigestPrefix, StringComparison.Ordinal))
        {
            return fileOrDigest.Length == DigestPrefix.Length + 64 && fileOrDigest[DigestPrefix.Length..].All(char.IsAsciiHexDigit)
                ? Artifact.FromDigest(Convert.FromHexString(fileOrDigest[DigestPrefix.Length..]))
                : throw new SecFlowException(Codes.OptionInvalid, $"Expected sha256: and 64 hexadecimal digits, found '{fileOrDigest}'.");
        }

        try
        {
            using var file = File.OpenRead(fileOrDigest);
            if (file.Length > LargestInMemory)
            {
                return Artifact.FromDigest(SHA256.HashData(file));
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return Artifact.FromBytes(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecFlowException(Codes.OptionInvalid, $"The artifact '{Output.Plain(fileOrDigest)}' cannot be read: {e.Message} Name a file, or sha256: and its digest.", e);
        }
    }

    private static VerificationKey ReadKey(FileInfo file)
    {
        try
        {
            return VerificationKey.FromPem(Read(file, LargestKey));
        }
        catch (CryptographicException e)
        {
            throw new SecFlowException(Codes.OptionInvalid, $"--key {file.Name}: expected the PEM of a public key (ECDSA, RSA or Ed25519): {e.Message}", e);
        }
    }

    /// <summary>One byte more than the reader of these bytes allows, so that it can say that the file is too large.</summary>
    private static byte[] Read(FileInfo file, int limit)
    {
        try
        {
            using var stream = file.OpenRead();
            var bytes = new byte[Math.Min(stream.Length, limit + 1L)];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecFlowException(Codes.OptionInvalid, $"'{file.Name}' cannot be read: {e.Message}", e);
        }
    }

    private static async Task SayAsync(Terminal terminal, VerificationResult result, bool json)
    {
        if (json)
        {
            await Output.WriteJsonAsync(terminal, VerifyBundleDocument.Of(result));
        }
        else if (result is VerifiedBundle verified)
        {
            await terminal.Out.WriteLineAsync(Output.Plain($"Verified  {verified.ArtifactDigest}  {Name(verified.Signer)}"));
        }

        if (result is RejectedBundle rejected)
        {
            await terminal.Error.WriteLineAsync(Output.Plain(rejected.ToString()));
        }
    }

    private static string Name(Signer signer) => signer switch
    {
        CertificateSigner certificate => $"{certificate.Identity} ({certificate.Issuer})",
        KeySigner key => "key " + key.Fingerprint,
        _ => throw new InvalidOperationException($"Unknown signer {signer.GetType().Name}."),
    };
}
