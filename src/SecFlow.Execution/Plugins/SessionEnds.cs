using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>How a work ended, before it is made an outcome.</summary>
internal sealed record SessionEnd(Diagnostic? Error, string? Limit = null, bool Violation = false);

/// <summary>The one table from ends of a plugin host to codes (contracts 6).</summary>
internal static class SessionEnds
{
    /// <summary>The host said how the work ended.</summary>
    public static SessionEnd Of(DoneMessage done) => done.Outcome switch
    {
        HostOutcome.Completed => new SessionEnd(null),
        HostOutcome.ScriptError => Failed(Codes.ScriptError, "The plugin's script failed", done, "Report it to the plugin's publisher."),
        HostOutcome.SyntaxError => Failed(Codes.ScriptSyntax, "The plugin's script is not ES5 that parses", done, "Build it again for ES5."),
        HostOutcome.MissingEntry => Failed(Codes.EntryMissing, "The plugin's script does not export what is called", done, "Export execute (and parse for imports) by module.exports."),
        HostOutcome.Limit => OfLimit(done),
        _ => Failed(Codes.InterpreterFailed, "The interpreter failed on the plugin's script", done, "Report it with the script that does it."),
    };

    /// <summary>The process ended without saying so.</summary>
    public static SessionEnd Of(SandboxExit exit) => exit.End switch
    {
        SandboxEnd.CpuLimit => Limit(Codes.LimitCpu, "cpu", "The plugin used up its processor time."),
        SandboxEnd.MemoryLimit => Limit(Codes.LimitMemory, "memory", "The plugin used up its memory."),
        SandboxEnd.StackOverflow => Limit(Codes.LimitStack, "stack", "The plugin used up its stack."),
        SandboxEnd.ForbiddenSystemCall => Violation(Codes.ForbiddenSystemCall, "The plugin host made a system call that the sandbox forbids and was killed. The plugin is quarantined."),
        SandboxEnd.StartFailed => new SessionEnd(new Diagnostic(Codes.HostStartFailed, $"The plugin host did not start: {Head(exit)} Run 'secflow doctor'.")),
        SandboxEnd.Exited when exit.ExitCode == HostExitCodes.OutOfMemory => Limit(Codes.LimitMemory, "memory", "The plugin used up its memory."),
        SandboxEnd.Exited when exit.ExitCode == TimeLimitExit => Limit(Codes.LimitScriptTime, "time", "A call of the plugin could not be interrupted within its time."),
        SandboxEnd.Exited when exit.ExitCode == HostExitCodes.NotConfined =>
            new SessionEnd(new Diagnostic(Codes.SandboxUnavailable, $"The plugin host could not confine itself and read no plugin: {Head(exit)} Run 'secflow doctor'.")),
        SandboxEnd.Exited when exit.ExitCode == HostExitCodes.Normal =>
            Violation(Codes.ProtocolViolation, "The plugin host ended in the middle of its work without a word. The plugin is quarantined."),
        _ => new SessionEnd(new Diagnostic(Codes.InterpreterFailed, $"The plugin host failed ({exit.End}, exit code {exit.ExitCode}): {Head(exit)} Report it with the script that does it.")),
    };

    public static SessionEnd Breach(string what) => Violation(Codes.ProtocolViolation, $"The plugin host broke the protocol: {what} The plugin is quarantined.");

    public static SessionEnd Limit(string code, string limit, string what) =>
        new(new Diagnostic(code, what + " Let it do less at once, or ask for a higher limit in its manifest."), limit);

    /// <summary>A script that is not even sent to a host.</summary>
    public static SessionEnd TooLarge(long bytes) => Limit(Codes.LimitSource, "source", $"The script has {bytes} bytes; at most {Limits.ScriptSourceBytes.Default} are allowed.");

    /// <summary>Exit code of a host whose native call could not be interrupted.</summary>
    private const int TimeLimitExit = 76;

    private static SessionEnd OfLimit(DoneMessage done) => done.Limit switch
    {
        "statements" => Limit(Codes.LimitStatements, done.Limit, "The plugin ran too many statements in one call." + Where(done)),
        "time" => Limit(Codes.LimitScriptTime, done.Limit, "The plugin's script ran too long in one call." + Where(done)),
        "recursion" => Limit(Codes.LimitRecursion, done.Limit, "The plugin's calls are nested too deep." + Where(done)),
        "memory" => Limit(Codes.LimitMemory, done.Limit, "The plugin used up its memory." + Where(done)),
        "source" or "nesting" => Limit(Codes.LimitSource, done.Limit, "The plugin's script is too large or nested too deep." + Where(done)),
        "record" => Limit(Codes.LimitOutput, done.Limit, "A record or text of the plugin is too large." + Where(done)),
        _ => Breach($"it names a limit '{Short(done.Limit)}' that does not exist."),
    };

    private static SessionEnd Failed(string code, string what, DoneMessage done, string todo) =>
        new(new Diagnostic(code, $"{what}{(done.Phase is null ? "" : $" in {Short(done.Phase)}")}: {Short(done.Message, 4096)}{Where(done)}. {todo}"));

    private static string Where(DoneMessage done) => done.Location is null ? "" : $" ({Short(done.Location)})";

    private static string Head(SandboxExit exit) => exit.StderrHead.Length == 0 ? "it said nothing." : Short(exit.StderrHead.Trim(), 500) + ".";

    private static string Short(string? text, int most = 200)
    {
        var clean = new string([.. (text ?? "").Take(most).Select(c => char.IsControl(c) ? ' ' : c)]);
        return clean;
    }

    private static SessionEnd Violation(string code, string what) => new(new Diagnostic(code, what), null, Violation: true);
}
