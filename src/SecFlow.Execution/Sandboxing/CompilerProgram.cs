namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// How Node is put into the sandbox to compile a plugin's TypeScript: the program, the compiler's folder and a script, nothing else.
/// Sources go in by stdin and the result comes out by stdout; a compiler from a package registry sees neither the author's files nor a network.
/// </summary>
public static class CompilerProgram
{
    /// <summary>Folder of the compiler inside the sandbox.</summary>
    public const string CompilerFolder = "/typescript";

    private const string Node = "/node/node";
    private const long CpuSeconds = 120;
    private const long DataBytes = 4L * 1024 * 1024 * 1024;

    /// <param name="node">Path of the node program.</param>
    /// <param name="compiler">Path of the package <c>typescript</c>: the folder that holds <c>lib/typescript.js</c>.</param>
    /// <param name="script">JavaScript to run.</param>
    public static SandboxSpec Spec(string node, string compiler, string script)
    {
        var readOnly = SystemLibraries.Binds();
        readOnly[Node] = Sandbox.Readable(node);
        readOnly[CompilerFolder + "/lib"] = Sandbox.Readable(Path.Combine(compiler, "lib"));
        return new SandboxSpec
        {
            Program = Node,
            Arguments = ["--max-old-space-size=1024", "--eval", script],
            ReadOnly = readOnly,
            Links = SystemLibraries.Links(),
            CpuSeconds = CpuSeconds,
            DataBytes = DataBytes,
            OpenFiles = 256,
        };
    }
}
