using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Sandboxing;

/// <summary>With what a process is confined on this machine.</summary>
internal sealed record SandboxMeans(SandboxLevel Level, SandboxPrograms Programs, byte[] Filter, ControlGroups? Groups, TimeProvider Time, Diagnostic Refusal)
{
    /// <summary>Where started processes are recorded; null outside of an installation.</summary>
    public SandboxLedger? Ledger { get; set; }

    /// <summary>With what networks are scoped; null: not here, and <see cref="NetworkRefusal"/> says why.</summary>
    public Network.NetworkPrograms? Network { get; init; }

    /// <summary>SF4040, for what needs a network where none can be scoped.</summary>
    public Diagnostic NetworkRefusal { get; init; } = SandboxRemedies.NetworkRefusal(null);
}

/// <summary>This machine's sandbox: probed once at start by attempting to escape. Keep one for the life of the program.</summary>
public sealed class Sandbox
{
    private static readonly Lock Gate = new();
    private static SandboxFolder? _folder;

    internal Sandbox(SandboxReport report, SandboxMeans means)
    {
        Report = report;
        Means = means;
    }

    public SandboxReport Report { get; }

    /// <summary>Why nothing may run here and what to do about it (SF4030); to be shown when <see cref="SandboxReport.Level"/> is too low.</summary>
    public Diagnostic Refusal => Means.Refusal;

    internal SandboxMeans Means { get; }

    /// <summary>Ends the sandboxes that a dead engine has recorded in this folder, and records those of this one there from now on. The caller holds the lock of the installation. Returns how many were ended.</summary>
    public int Record(string folder) => (Means.Ledger = SandboxLedger.Open(folder)).Swept;

    /// <summary>Probes the machine, in less than a second. <c>SECFLOW_SANDBOX</c> (off, L1, L2) can only lower the level; anything else in it is SF1601.</summary>
    public static Task<Sandbox> ProbeAsync(CancellationToken ct) =>
        ProbeAsync(Environment.GetEnvironmentVariable("SECFLOW_SANDBOX"), PluginHostProgram.DefaultPath, ct);

    /// <summary>Probes with a ceiling for the level (null = none) and the plugin host that is to prove its own confinement.</summary>
    public static Task<Sandbox> ProbeAsync(string? ceiling, string pluginHostPath, CancellationToken ct) =>
        SandboxProbe.RunAsync(Ceiling(ceiling), SandboxPrograms.Find(), pluginHostPath, TimeProvider.System, ct);

    /// <summary>The path where a sandbox can read this file or folder: itself, or a copy when only root could enter. The copy goes when this process ends, or at the next start.</summary>
    internal static string Readable(string path)
    {
        if (!LinuxCalls.IsRoot || SandboxFolder.IsReadableByAll(path))
        {
            return path;
        }

        var name = Path.GetFileName(path.TrimEnd('/')) + "-" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(path)))[..12];
        lock (Gate)
        {
            if (_folder is null)
            {
                SandboxFolder.Sweep(Path.GetTempPath());
                _folder = SandboxFolder.Create(Path.GetTempPath());
                AppDomain.CurrentDomain.ProcessExit += (_, _) => _folder.Dispose();
            }

            return _folder.Stage(path, name);
        }
    }

    private static SandboxLevel Ceiling(string? text) => text switch
    {
        null or "" => SandboxLevel.L3,
        "off" => SandboxLevel.L0,
        _ when Enum.TryParse<SandboxLevel>(text, out var level) && Enum.IsDefined(level) && !char.IsAsciiDigit(text[0]) => level,
        _ => throw new SecFlowException(Codes.OptionInvalid, $"SECFLOW_SANDBOX is '{text}'. Expected off, L1, L2 or L3; it can only lower the level. Correct or remove it."),
    };
}
