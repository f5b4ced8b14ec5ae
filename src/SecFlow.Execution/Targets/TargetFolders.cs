using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>Which folders may be targets: real ones of this machine, except the system's own views and SecFlow's data (keys, the database).</summary>
/// <param name="dataFolder">Data folder of the installation.</param>
public sealed class TargetFolders(string dataFolder)
{
    private static readonly string[] System = ["/proc", "/sys", "/dev", "/run"];

    private readonly string _data = Path.GetFullPath(dataFolder).TrimEnd('/');

    /// <summary>The normalised path, or null after adding what is wrong.</summary>
    internal string? Read(string text, List<Diagnostic> problems)
    {
        if (!text.StartsWith('/') || text.Split('/').Any(part => part is "." or ".."))
        {
            problems.Add(Wrong($"'{TargetValidation.Show(text)}' is not an absolute path without . and ..", "Give the whole path, such as /srv/app."));
            return null;
        }

        var path = "/" + string.Join('/', text.Split('/', StringSplitOptions.RemoveEmptyEntries));
        if (path == "/" || System.Any(folder => Overlaps(folder, path)) || Overlaps(_data, path) || Overlaps(path, _data))
        {
            problems.Add(Wrong($"'{TargetValidation.Show(path)}' belongs to the system or to SecFlow itself.", "Give the folder of the application that shall be looked at."));
            return null;
        }

        if (!Directory.Exists(path))
        {
            problems.Add(Wrong($"The folder '{TargetValidation.Show(path)}' does not exist on this machine.", "Create or upload it first."));
            return null;
        }

        if (FirstLink(path) is { } link)
        {
            problems.Add(Wrong($"'{TargetValidation.Show(link)}' is a link.", "Give the path that it leads to: what is approved must not move."));
            return null;
        }

        return path;
    }

    /// <summary>True when <paramref name="path"/> is <paramref name="folder"/> or inside it.</summary>
    private static bool Overlaps(string folder, string path) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static string? FirstLink(string path)
    {
        var part = "";
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            part += "/" + name;
            if (new DirectoryInfo(part).LinkTarget is not null)
            {
                return part;
            }
        }

        return null;
    }

    private static Diagnostic Wrong(string message, string remedy) => TargetValidation.Problem("value", message, remedy);
}
