using System.CommandLine;
using System.Security.Cryptography;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>Signs a package with an ECDSA key: a Sigstore bundle over SHA256SUMS.</summary>
internal static class SignCommand
{
    public static Command Create(Terminal terminal)
    {
        var path = new Argument<FileSystemInfo>("PACKAGE") { Description = "A package (.zip) or a packed folder, which is replaced by the signed one; or a plugin's source folder, which is packed to ID-VERSION.zip first." }.AcceptExistingOnly();
        var key = new Option<FileInfo>("--key") { Description = "PEM of an ECDSA key on P-256 or P-384, without a password.", Required = true, HelpName = "FILE" }.AcceptExistingOnly();
        var command = new Command("sign", "Sign a package with a key of your own.") { path, key };
        command.SetAction(async (parsed, ct) =>
        {
            var file = parsed.GetRequiredValue(path).FullName;
            using var signer = await ReadKeyAsync(parsed.GetRequiredValue(key).FullName, ct);
            var isSource = Directory.Exists(file) && !File.Exists(Path.Combine(file, PluginPackage.ChecksumsFile));
            var package = isSource ? PackageWriter.Pack(file) : PluginPackage.Read(file);
            var signed = PackageWriter.Sign(package, signer);
            file = isSource ? PackageFile.NameOf(package) : file;
            await PackageFile.WriteAsync(signed, file, ct);
            await terminal.Out.WriteLineAsync($"{signed.Digest}  {Path.GetFileName(file)}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<ECDsa> ReadKeyAsync(string path, CancellationToken ct)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(await File.ReadAllTextAsync(path, ct));
            return key;
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new SecFlowException(Codes.OptionInvalid, $"--key {Path.GetFileName(path)}: expected the PEM of an ECDSA key without a password: {error.Message}", error);
        }
    }
}
