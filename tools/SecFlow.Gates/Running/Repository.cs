namespace SecFlow.Gates.Running;

/// <summary>The tree that is checked: what git would track, found by walking, so that a plain copy without git can be checked as well.</summary>
internal sealed class Repository(string root)
{
    private static readonly string[] SkippedFolders = ["bin", "obj", ".git", "node_modules", "artifacts", "TestResults", ".vs", ".idea"];

    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>The repository around the current folder.</summary>
    public static Repository Find()
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SecFlow.sln")))
            {
                return new Repository(folder.FullName);
            }
        }

        throw new InvalidOperationException("SecFlow.sln was not found in the current folder or above it; run ./test from the repository.");
    }

    public string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Relative paths with <c>/</c>, ordinal order.</summary>
    public IReadOnlyList<string> Files() => [.. Walk(Root).Select(Relative).Order(StringComparer.Ordinal)];

    public IEnumerable<string> Files(params string[] extensions) => Files().Where(f => extensions.Contains(Path.GetExtension(f), StringComparer.Ordinal));

    /// <summary>Test projects by folder name, ordinal order.</summary>
    public IReadOnlyList<string> TestProjects() =>
        [.. Directory.GetFiles(At("tests"), "*.Tests.csproj", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> SourceProjects() =>
        [.. Directory.GetFiles(At("src"), "*.csproj", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    private string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private IEnumerable<string> Walk(string folder)
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            if (new FileInfo(file).LinkTarget is null)
            {
                yield return file;
            }
        }

        foreach (var child in Directory.GetDirectories(folder))
        {
            var relative = Relative(child);
            if (SkippedFolders.Contains(Path.GetFileName(child), StringComparer.Ordinal) || relative is "data" || relative.EndsWith("wwwroot/_framework", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (var file in Walk(child))
            {
                yield return file;
            }
        }
    }
}
