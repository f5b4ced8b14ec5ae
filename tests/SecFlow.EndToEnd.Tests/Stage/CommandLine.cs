using SecFlow.Cli;

namespace SecFlow.EndToEnd.Tests.Stage;

/// <summary>The command line in this process, on a folder that is gone afterwards.</summary>
internal sealed class CommandLine : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("secflow-cli-").FullName;

    /// <summary>Data folder of its installation.</summary>
    public string Data => Path.Combine(Folder, "data");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await CliApp.RunAsync(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>Path of a new file with this text.</summary>
    public async Task<string> WriteAsync(string name, string text)
    {
        var file = Path.Combine(Folder, name);
        await File.WriteAllTextAsync(file, text);
        return file;
    }
}
