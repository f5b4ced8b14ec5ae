using System.Globalization;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;

namespace SecFlow.Cli.Plugins.Signing;

/// <summary>What the author gave along; all of it optional.</summary>
/// <param name="Program">The program, when it is not on PATH.</param>
/// <param name="Token">A file with the identity token; without one cosign asks the author to sign in on another device.</param>
/// <param name="SigningConfig">Services other than those of the public Sigstore.</param>
/// <param name="TrustedRoot">Their trusted root.</param>
internal sealed record KeylessOptions(FileInfo? Program, FileInfo? Token, FileInfo? SigningConfig, FileInfo? TrustedRoot);

/// <summary>
/// Lets an installed cosign sign keylessly, in a sandbox that holds the bytes to sign, the token and a network of the signing services alone.
/// The package itself, the author's files and the environment stay outside. Versions 2.4 and newer write the bundle that is wanted.
/// </summary>
internal sealed partial class CosignSigner(Sandbox sandbox, Terminal terminal)
{
    private const string Artifact = "SHA256SUMS";
    private const string Bundle = "bundle.json";
    private const int MostBundleBytes = 1024 * 1024;
    private const string Hint = "Install cosign 2.4 or newer (https://docs.sigstore.dev/cosign/system_config/installation), let a release workflow sign (`secflow plugin new ID --github`), or sign with a key: --key FILE.";

    // Somebody may have to sign in on another device.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly string[] Certificates = ["/etc/ssl/certs", "/etc/pki"];

    private readonly ToolRunner _runner = new(sandbox, TimeProvider.System);

    /// <summary>The bundle as cosign wrote it: not verified. Throws SF5001 (no cosign), SF1901 (it did not sign), SF4030 and SF404x (no sandbox).</summary>
    public async Task<byte[]> SignAsync(byte[] artifact, KeylessOptions options, CancellationToken ct)
    {
        var program = Find(options.Program, Environment.GetEnvironmentVariable("PATH") ?? "");
        var old = await IsOldAsync(program, ct);
        var folder = Directory.CreateTempSubdirectory("secflow-sign-").FullName;
        Dictionary<string, FileStream> inputs = new(StringComparer.Ordinal);
        try
        {
            var file = Path.Combine(folder, Artifact);
            await File.WriteAllBytesAsync(file, artifact, ct);
            inputs[Artifact] = File.OpenRead(file);
            List<string> arguments = ["sign-blob", "--yes", "--bundle", "/out/" + Bundle];
            foreach (var (option, name, given) in new[] { ("--identity-token", "token", options.Token), ("--signing-config", "signing-config.json", options.SigningConfig), ("--trusted-root", "trusted-root.json", options.TrustedRoot) })
            {
                if (given is not null)
                {
                    inputs[name] = File.OpenRead(given.FullName);
                    arguments.AddRange([option, "/in/" + name]);
                }
            }

            // No browser in there: the author gets a code to type in elsewhere.
            arguments.AddRange(options.Token is null ? ["--fulcio-auth-flow", "device"] : []);
            arguments.AddRange(old ? ["--new-bundle-format", "/in/" + Artifact] : ["/in/" + Artifact]);
            return await RunAsync(program, arguments, inputs, await HostsAsync(options, ct), ct);
        }
        finally
        {
            foreach (var input in inputs.Values)
            {
                await input.DisposeAsync();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<byte[]> RunAsync(ToolProgram program, List<string> arguments, Dictionary<string, FileStream> inputs, Execution.Sandboxing.Network.NetworkPlan network, CancellationToken ct)
    {
        var request = new ToolRequest(program, arguments)
        {
            Inputs = inputs,
            Files = [Bundle],
            Network = network,
            Timeout = Patience,
            TargetFolders = Certificates.Where(Directory.Exists).ToDictionary(c => c, c => c, StringComparer.Ordinal),
            OnLines = async (lines, _) =>
            {
                foreach (var line in lines)
                {
                    await terminal.Error.WriteLineAsync("cosign: " + Output.Plain(line));
                }
            },
        };
        await using var result = await _runner.RunAsync(request, ct);
        if (result.ExitCode is 0 && result.Files.TryGetValue(Bundle, out var written) && written.Length <= MostBundleBytes)
        {
            var bytes = new byte[written.Length];
            await written.ReadExactlyAsync(bytes, ct);
            return bytes;
        }

        var how = result.TimedOut ? $"did not end within {Patience.TotalMinutes:0} minutes" : result.Limit is { } limit ? $"reached a limit ({limit.Code})" : result.ExitCode is 0 ? "left no bundle" : $"ended with exit code {result.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}";
        throw Failed($"cosign {how}: {await TailAsync(result.Stderr, ct)}");
    }

    private static async Task<Execution.Sandboxing.Network.NetworkPlan> HostsAsync(KeylessOptions options, CancellationToken ct)
    {
        var hosts = options.SigningConfig is { } config ? CosignServices.Of(config.Name, await File.ReadAllBytesAsync(config.FullName, ct)) : CosignServices.Public;
        var plan = (await TargetScope.PinHostsAsync(hosts, TimeProvider.System, ct)).NetworkPlan();
        return plan.Allowed.Count > 0 ? plan : throw Failed($"None of the signing services has an address: {string.Join(", ", hosts)}. Keyless signing needs to reach them.");
    }

    /// <summary>Versions before 3 write another bundle unless told.</summary>
    private async Task<bool> IsOldAsync(ToolProgram program, CancellationToken ct)
    {
        await using var result = await _runner.RunAsync(new ToolRequest(program, ["version"]) { Timeout = TimeSpan.FromSeconds(30) }, ct);
        var said = await TailAsync(result.Stdout, ct) + await TailAsync(result.Stderr, ct);
        if (!Version().Match(said).Groups[1].Success || !System.Version.TryParse(Version().Match(said).Groups[1].Value, out var version))
        {
            throw new SecFlowException(Codes.ToolUnusable, $"{program.Path} does not say which version of cosign it is (found: {said}). {Hint}");
        }

        return version < new Version(2, 4) ? throw new SecFlowException(Codes.ToolTooOld, $"{program.Path} is cosign {version}; expected 2.4 or newer, which writes the bundle that a package needs. {Hint}") : version.Major < 3;
    }

    /// <summary>The program that was given, else the first of the search path.</summary>
    internal static ToolProgram Find(FileInfo? given, string searchPath)
    {
        var path = given?.FullName ?? searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, "cosign")).FirstOrDefault(File.Exists);
        return path is null
            ? throw new SecFlowException(new Diagnostic(Codes.ToolMissing, $"There is no `cosign` on PATH, which keyless signing needs. {Hint}") { Remedy = Hint })
            : new ToolProgram("cosign", Path.GetFullPath(path), "", "");
    }

    private static async Task<string> TailAsync(FileStream stream, CancellationToken ct)
    {
        const int most = 2000;
        stream.Seek(Math.Max(0, stream.Length - most), SeekOrigin.Begin);
        using var reader = new StreamReader(stream, leaveOpen: true);
        var text = Output.Plain((await reader.ReadToEndAsync(ct)).Trim());
        return text.Length == 0 ? "it said nothing" : text;
    }

    private static SecFlowException Failed(string message) => new(Codes.SigningFailed, $"Nothing was signed. {message}");

    [GeneratedRegex(@"GitVersion:\s*v?(\d+\.\d+(\.\d+)?)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Version();
}
