using System.Globalization;

namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// The sandboxes that this engine has started, one small file each in a folder of its installation, so that the next start can end what a killed engine left.
/// 1. A sandbox dies with its engine by itself (parent death signal, end of its input); this is for the moment before that holds.
/// 2. A record names process, start time and boot. All three must fit before anything is killed: a number alone may have been used again.
/// 3. The folder is the installation's own and locked by its engine: whatever is recorded at a start is of a dead one.
/// </summary>
internal sealed class SandboxLedger
{
    private const string BootId = "/proc/sys/kernel/random/boot_id";
    private readonly string _folder;
    private readonly string _boot;

    private SandboxLedger(string folder, string boot) => (_folder, _boot) = (folder, boot);

    /// <summary>Processes that the last start ended.</summary>
    public int Swept { get; private set; }

    /// <summary>Ends what is recorded there, and begins anew.</summary>
    public static SandboxLedger Open(string folder)
    {
        Directory.CreateDirectory(folder);
        var ledger = new SandboxLedger(folder, File.Exists(BootId) ? File.ReadAllText(BootId).Trim() : "");
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            ledger.Swept += ledger.End(file) ? 1 : 0;
            File.Delete(file);
        }

        return ledger;
    }

    /// <summary>Records a process of ours that is alive or not reaped yet; the name of its record.</summary>
    public string Add(int pid)
    {
        var record = Path.Combine(_folder, $"{pid.ToString(CultureInfo.InvariantCulture)}-{ProcessTable.StartTime(pid)}");
        File.WriteAllText(record, _boot);
        return record;
    }

    public static void Remove(string record)
    {
        try
        {
            File.Delete(record);
        }
        catch (DirectoryNotFoundException)
        {
            // The installation was removed in the meantime, with its records.
        }
    }

    private bool End(string file)
    {
        var parts = Path.GetFileName(file).Split('-');
        if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || parts[1].Length == 0 || File.ReadAllText(file) != _boot)
        {
            return false;
        }

        // The descriptor first: what is compared is then what is killed.
        var process = LinuxCalls.OpenProcess(pid);
        try
        {
            return ProcessTable.StartTime(pid) == parts[1] && (process >= 0 ? LinuxCalls.SignalProcess(process, LinuxCalls.SigKill) : LinuxCalls.Kill(pid, LinuxCalls.SigKill));
        }
        finally
        {
            LinuxCalls.Close(process);
        }
    }
}
