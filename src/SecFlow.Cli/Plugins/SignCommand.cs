using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using SecFlow.Cli.Plugins.Signing;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Cli.Plugins;

/// <summary>Signs a package: a Sigstore bundle over SHA256SUMS, by a key of one's own, keylessly by cosign, or made elsewhere and put in.</summary>
internal static class SignCommand
{
    private const int MostBundleBytes = 1024 * 1024;

    public static Command Create(Terminal terminal)
    {
        var path = new Argument<FileSystemInfo>("PACKAGE") { Description = "A package (.zip) or a packed folder, which is replaced by the signed one; or a plugin's source folder, which is packed to ID-VERSION.zip first." }.AcceptExistingOnly();
        var key = Given("--key", "PEM of an ECDSA key on P-256 or P-384, without a password.");
        var keyless = new Option<bool>("--keyless") { Description = "By an identity instead of a key: an installed cosign (2.4 or newer) signs." };
        var bundle = Given("--bundle", "A Sigstore bundle over the package's SHA256SUMS that was made elsewhere, such as by cosign in a workflow.");
        var cosign = Given("--cosign", "The cosign program (default: the one on PATH).");
        var token = Given("--identity-token", "File with the identity token (default: sign in on another device).");
        var config = Given("--signing-config", "Signing services (default: the public Sigstore).");
        var root = Given("--trusted-root", "Their trusted root.");
        var command = new Command("sign", "Sign a package with a key of your own, or keylessly.") { path, key, keyless, bundle, cosign, token, config, root };
        command.Validators.Add(result => Check(result, keyless, [key, bundle], [cosign, token, config, root]));
        command.SetAction(async (parsed, ct) =>
        {
            var file = parsed.GetRequiredValue(path).FullName;
            var isSource = Directory.Exists(file) && !File.Exists(Path.Combine(file, PluginPackage.ChecksumsFile));
            var package = isSource ? PackageWriter.Pack(file) : PluginPackage.Read(file);
            PluginPackage signed;
            if (parsed.GetValue(key) is { } pem)
            {
                using var signer = await ReadKeyAsync(pem.FullName, ct);
                signed = PackageWriter.Sign(package, signer);
            }
            else
            {
                var made = parsed.GetValue(bundle) is { } ready
                    ? await ReadBundleAsync(ready, ct)
                    : await new CosignSigner(await Sandbox.ProbeAsync(ct), terminal).SignAsync(package.Required(PluginPackage.ChecksumsFile), new KeylessOptions(parsed.GetValue(cosign), parsed.GetValue(token), parsed.GetValue(config), parsed.GetValue(root)), ct);
                PackageBundle.RequireAbout(package, made);
                signed = PackageWriter.WithBundle(package, made);
            }

            file = isSource ? PackageFile.NameOf(package) : file;
            await PackageFile.WriteAsync(signed, file, ct);
            await terminal.Out.WriteLineAsync($"{signed.Digest}  {Path.GetFileName(file)}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Option<FileInfo> Given(string name, string description) => new Option<FileInfo>(name) { Description = description, HelpName = "FILE" }.AcceptExistingOnly();

    private static void Check(CommandResult result, Option<bool> keyless, Option<FileInfo>[] others, Option<FileInfo>[] ofKeyless)
    {
        var isKeyless = result.GetValue(keyless);
        if (others.Count(o => result.GetResult(o) is not null) + (isKeyless ? 1 : 0) != 1)
        {
            result.AddError("sign needs exactly one of --key, --keyless and --bundle.");
        }

        if (!isKeyless && ofKeyless.FirstOrDefault(o => result.GetResult(o) is not null) is { } lonely)
        {
            result.AddError($"{lonely.Name} belongs to --keyless.");
        }
    }

    private static async Task<byte[]> ReadBundleAsync(FileInfo file, CancellationToken ct) => file.Length <= MostBundleBytes
        ? await File.ReadAllBytesAsync(file.FullName, ct)
        : throw new SecFlowException(Codes.BundleNotFitting, $"--bundle {file.Name}: a bundle is at most 1 MiB, found {file.Length} bytes.");

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
