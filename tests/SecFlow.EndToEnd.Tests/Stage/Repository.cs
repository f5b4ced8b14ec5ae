namespace SecFlow.EndToEnd.Tests.Stage;

/// <summary>Files of the repository that tests read.</summary>
internal static class Repository
{
    /// <summary>The folder with SecFlow.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SecFlow.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not lie inside of the repository.");
        }

        return folder.FullName;
    }
}
