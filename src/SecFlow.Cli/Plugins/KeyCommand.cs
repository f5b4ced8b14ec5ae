using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Trust;

namespace SecFlow.Cli.Plugins;

/// <summary>Keys for development: made here, kept by their author, trusted by whoever adds a rule.</summary>
internal static partial class KeyCommand
{
    public static Command Create(Terminal terminal)
    {
        var output = new Option<string>("--out") { Description = "File of the private key; the public one gets the extension .pub.", DefaultValueFactory = _ => "secflow-dev.pem", HelpName = "FILE" };
        var plugins = new Option<string[]>("--plugin") { Description = "Plugin id, or a glob such as scan.*, that the printed rule is about; may be repeated (default: every plugin).", HelpName = "ID", DefaultValueFactory = _ => [] };
        var create = new Command("new", "Make an ECDSA key on P-256 for signing, and print the rule that an administrator adds to the trust policy.") { output, plugins };
        create.SetAction(async (parsed, ct) =>
        {
            var (file, rule) = await MakeAsync(parsed.GetRequiredValue(output), parsed.GetRequiredValue(plugins), ct);
            await terminal.Out.WriteLineAsync("  " + rule);
            await terminal.Error.WriteLineAsync($"private key: {file} (keep it to yourself)");
            await terminal.Error.WriteLineAsync($"public key:  {PublicOf(file)}, for the folder trust/ of an installation; the rule above goes below spec.rules of its trust/policy.yaml");
            return ExitCodes.Done;
        });
        return new Command("key", "Keys for signing plugins.") { create };
    }

    private static async Task<(string File, string Rule)> MakeAsync(string file, IReadOnlyList<string> plugins, CancellationToken ct)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        if (!Name().IsMatch(name) || Path.GetExtension(file) == ".pub")
        {
            throw new SecFlowException(Codes.OptionInvalid, $"--out {file}: expected a file name of 1 to 60 letters, digits, _ and -, such as team.pem.");
        }

        if (plugins.FirstOrDefault(p => !Glob().IsMatch(p)) is { } wrong)
        {
            throw new SecFlowException(Codes.OptionInvalid, $"--plugin {wrong}: expected a plugin id, with * for any characters, such as scan.*.");
        }

        foreach (var existing in new[] { file, PublicOf(file) }.Where(Path.Exists))
        {
            throw new SecFlowException(Codes.OptionInvalid, $"'{existing}' is there already; a key is never overwritten. Choose another file with --out.");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var open = Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem() + "\n");
        await WriteAsync(file, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite, ct);
        await WriteAsync(PublicOf(file), open, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, ct);
        return (file, TrustRuleText.ForKey(name, plugins.Count == 0 ? ["*"] : plugins, Path.GetFileName(PublicOf(file)), Convert.ToHexStringLower(SHA256.HashData(open))));
    }

    private static string PublicOf(string file) => Path.ChangeExtension(file, ".pub");

    /// <summary>The mode is there from the first moment, and an existing file is never opened.</summary>
    private static async Task WriteAsync(string file, byte[] bytes, UnixFileMode mode, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        await using var stream = new FileStream(file, options);
        await stream.WriteAsync(bytes, ct);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,59}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[a-z*][a-z0-9.*-]{0,99}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Glob();
}
