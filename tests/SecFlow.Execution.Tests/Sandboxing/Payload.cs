using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Sandboxing;

/// <summary>Small payloads: the shell and the system's own tools, read-only.</summary>
internal static class Payload
{
    private static readonly Lazy<Task<Sandbox>> Probed = new(() => Execution.Sandboxing.Sandbox.ProbeAsync(null, PluginHostProgram.DefaultPath, CancellationToken.None));

    public static Task<Sandbox> Sandbox => Probed.Value;

    public static SandboxSpec Shell(string script, params string[] arguments) => Program("/bin/sh", ["-c", script, "sh", .. arguments]);

    public static SandboxSpec Python(string script) => Program("/usr/bin/python3", ["-I", "-S", "-c", script]);

    public static SandboxSpec Program(string program, IReadOnlyList<string> arguments)
    {
        var readOnly = SystemLibraries.Binds();
        readOnly["/usr/bin"] = "/usr/bin";
        foreach (var python in Directory.EnumerateDirectories("/usr/lib", "python3*"))
        {
            readOnly[python] = python;
        }

        return new SandboxSpec
        {
            Program = program,
            Arguments = arguments,
            ReadOnly = readOnly,
            Links = SystemLibraries.Links(),
            CpuSeconds = 10,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/bin" },
        };
    }

    /// <summary>Runs to its end; a wall clock of 20 s guards the test.</summary>
    public static async Task<(SandboxExit Exit, string Output)> RunAsync(SandboxSpec spec, string? input = null)
    {
        await using var process = await SandboxedProcess.StartAsync(await Sandbox, spec, CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var kill = limit.Token.Register(process.Kill);
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(System.Text.Encoding.UTF8.GetBytes(input));
        }

        await process.StandardInput.DisposeAsync();
        using var reader = new StreamReader(process.StandardOutput);
        var output = await reader.ReadToEndAsync();
        return (await process.Exit, output);
    }
}
