using System.Text;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Tools;

namespace SecFlow.Execution.Tests.Tools;

/// <summary>Runs small tools in the real sandbox: the system's shell stands for whatever a tool may do.</summary>
internal static class ToolRuns
{
    private static readonly Lazy<Task<Sandbox>> _sandbox = new(() => Sandbox.ProbeAsync(CancellationToken.None));

    public static readonly ToolProgram Shell = new("sh", "/bin/sh", "1.0", "sha256:0");

    public static Task<Sandbox> SandboxAsync() => _sandbox.Value;

    public static async Task<ToolRunner> RunnerAsync() => new(await _sandbox.Value, TimeProvider.System);

    public static ToolRequest Script(string script, params string[] arguments) => new(Shell, ["-c", script, "sh", .. arguments]) { Timeout = TimeSpan.FromMinutes(2) };

    public static Task<ToolResult> RunAsync(string script, params string[] arguments) => RunAsync(Script(script, arguments));

    public static async Task<ToolResult> RunAsync(ToolRequest request, CancellationToken ct = default) => await (await RunnerAsync()).RunAsync(request, ct);

    public static string Text(this Stream stream)
    {
        stream.Position = 0;
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        return reader.ReadToEnd();
    }

    public static FileStream File(string text)
    {
        var file = ToolSpool.NewFile();
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Position = 0;
        return file;
    }
}
