namespace SecFlow.Plugins.Tests;

/// <summary>Where the sources are: the nearest folder above the tests that holds the solution.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Plugin(string id, string file) => Path.Combine(Root, "plugins-js", id, file);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "SecFlow.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("No SecFlow.sln above " + AppContext.BaseDirectory);
    }
}
