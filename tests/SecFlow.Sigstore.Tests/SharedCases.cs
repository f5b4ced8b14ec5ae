namespace SecFlow.Sigstore.Tests;

/// <summary>The public conformance cases and the mock cases, when a folder <c>shared/sigstore</c> stands beside the clone. They are not part of it.</summary>
internal static class SharedCases
{
    public const string Absent = "no folder shared/sigstore beside the clone";

    public static string? Folder { get; } = Find();

    public static IEnumerable<string> Cases(string sub) =>
        Folder is null ? [] : Directory.GetDirectories(Path.Combine(Folder, sub)).Order(StringComparer.Ordinal);

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "sigstore");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}

/// <summary>A fact that is skipped, with the reason, where the shared cases are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedCasesFactAttribute : FactAttribute
{
    public SharedCasesFactAttribute()
    {
        if (SharedCases.Folder is null)
        {
            Skip = SharedCases.Absent;
        }
    }
}

/// <summary>A theory that is skipped, with the reason, where the shared cases are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedCasesTheoryAttribute : TheoryAttribute
{
    public SharedCasesTheoryAttribute()
    {
        if (SharedCases.Folder is null)
        {
            Skip = SharedCases.Absent;
        }
    }
}
