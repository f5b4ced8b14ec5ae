namespace SecFlow.Cli.Tests;

/// <summary>One command in this process: what it wrote and how it ended.</summary>
public sealed record CliRun(int Code, string Out, string Error)
{
    public static async Task<CliRun> OfAsync(params string[] args)
    {
        await using var stdout = new StringWriter();
        await using var stderr = new StringWriter();
        var code = await CliApp.RunAsync(args, stdout, stderr);
        return new CliRun(code, stdout.ToString(), stderr.ToString());
    }
}

/// <summary>A folder that is gone after the test.</summary>
public sealed class CliFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("secflow-cli-").FullName;

    /// <summary>The repository that these tests were built from.</summary>
    public static string Repository { get; } = FindRepository();

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(At(name), text);
        return At(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder!.FullName, "SecFlow.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
