namespace SecFlow.Gates.Proof;

/// <summary>One planted violation: which check must turn red, and which words it must say, so that it is not red for another reason.</summary>
/// <param name="Gate">Name that `--only` takes.</param>
/// <param name="Name">What is planted.</param>
/// <param name="File">File that is added, or changed when <paramref name="Change"/> is given.</param>
/// <param name="Text">New file, or what is put in the place of <paramref name="Change"/>.</param>
/// <param name="Change">Words of the existing file that are replaced; null = a new file.</param>
/// <param name="Expected">Words in the check's answer.</param>
internal sealed record Violation(string Gate, string Name, string File, string Text, string? Change, string Expected)
{
    /// <summary>Project to which a coverage run is narrowed.</summary>
    public string? Only { get; init; }

    /// <summary>Not a violation: the check must stay green and say the words all the same.</summary>
    public bool IsHarmless { get; init; }

    /// <summary>Found by `dotnet format`, which takes half a minute on a busy machine; the other rules of lint are tried without it.</summary>
    public bool NeedsFormat { get; init; }

    // The planted texts are put together from halves, so that this file does not break the rules itself.
    public static readonly IReadOnlyList<Violation> All =
    [
        new("lint", "bad indentation", "src/SecFlow.Sigstore/Planted.cs", "namespace SecFlow.Sigstore;\n\ninternal static class Planted\n{\n  public const int   One = 1;\n}\n", null, "Planted.cs") { NeedsFormat = true },
        new("lint", "unfinished mark", "src/SecFlow.Sigstore/Planted.cs", "/" + "/ TO" + "DO: later\n", null, "unfinished mark"),
        new("lint", "swallowed exception", "src/SecFlow.Sigstore/Planted.cs", "// catch" + " (Exception) { }\n", null, "swallowed exception"),
        new("lint", "machine path", "docs/planted.md", "See /home" + "/somebody/notes.\n", null, "machine path"),
        new("lint", "upload-artifact v3", ".github/workflows/planted.yml", "on: push\npermissions: { contents: read }\njobs:\n  a:\n    steps:\n      - uses: actions/upload-artifact@" + "v3\n", null, "upload-artifact"),
        new("lint", "action that is not pinned by commit", ".github/workflows/planted.yml", "on: push\npermissions: { contents: read }\njobs:\n  a:\n    permissions:\n      id-token: write\n    steps:\n      - uses: actions/checkout@" + "v4\n", null, "pin it by commit"),
        new("types", "null where none may be", "src/SecFlow.Sigstore/Planted.cs", "namespace SecFlow.Sigstore;\n\ninternal static class Planted\n{\n    public static string Name() => null;\n}\n", null, "CS8603"),
        new("imports", "a process past the door", "src/SecFlow.Execution/Planted.cs", "namespace SecFlow.Execution;\n\ninternal static class Planted\n{\n#pragma warning disable RS0030\n    public static void Run() => System.Diagnostics.Process.Start(\"true\");\n}\n", null, "SecFlow.Execution.Planted"),
        new("unit", "a test that fails", "tests/SecFlow.Sigstore.Tests/Planted.cs", "namespace SecFlow.Sigstore.Tests;\n\npublic sealed class Planted\n{\n    [Fact]\n    public void Planted_IsRed() => true.ShouldBeFalse();\n}\n", null, "Planted_IsRed") { Only = "Sigstore" },
        new("unit", "a test that fails the first time only", "tests/SecFlow.Sigstore.Tests/Planted.cs", "namespace SecFlow.Sigstore.Tests;\n\npublic sealed class Planted\n{\n    private static readonly string _seen = Path.Combine(AppContext.BaseDirectory, \"planted\");\n\n    [Fact]\n    public void Planted_HoldsTheSecondTime()\n    {\n        var first = !File.Exists(_seen);\n        File.WriteAllText(_seen, \"\");\n        first.ShouldBeFalse();\n    }\n}\n", null, "Planted_HoldsTheSecondTime (passed when it was run again)") { Only = "Sigstore", IsHarmless = true },
        new("coverage", "code that no test runs", "src/SecFlow.Sigstore/Planted.cs", Untested(), null, "SecFlow.Sigstore") { Only = "Sigstore" },
        new("contracts", "a code that no page explains", "src/SecFlow.Execution/Diagnostics/Codes.cs", "public static class Codes\n{\n    public const string Planted = \"SF1999\";\n", "public static class Codes\n{\n", "SF1999"),
        new("docs-health", "a link to nowhere", "docs/planted.md", "# Planted\n\n[nowhere](nowhere.md)\n", null, "nowhere.md"),
        new("docs-health", "a command that does not exist", "docs/planted.md", "# Planted\n\n```sh\n./test --only nothing\n```\n", null, "does not know"),
    ];

    private static string Untested()
    {
        var lines = string.Concat(Enumerable.Range(0, 900).Select(i => $"        value += {i};\n"));
        return $"namespace SecFlow.Sigstore;\n\npublic static class Planted\n{{\n    public static int Sum(int value)\n    {{\n{lines}        return value;\n    }}\n}}\n";
    }
}
