using System.Text.RegularExpressions;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>
/// Which folders may be targets.
/// 1. A folder of this machine: below one that the administrator of the machine allows (<c>SECFLOW_TARGET_FOLDERS</c>), real, without a link on its way; never the system's own views or SecFlow's data (keys, the database).
/// 2. The content of an uploaded archive of the team (<see cref="TargetArchives"/>): <c>archive:</c> and its digest.
/// 3. Asked when the target is added or changed, and again at each node: what is a link, gone or not allowed any more is refused then.
/// </summary>
/// <param name="dataFolder">Data folder of the installation.</param>
/// <param name="allowed">Absolute paths; a folder target is one of them or below.</param>
public sealed partial class TargetFolders(string dataFolder, IReadOnlyList<string> allowed)
{
    /// <summary>Begin of the value of an uploaded archive.</summary>
    public const string ArchivePrefix = "archive:sha256:";

    private static readonly string[] System = ["/proc", "/sys", "/dev", "/run"];

    private readonly string _data = Path.GetFullPath(dataFolder).TrimEnd('/');

    /// <summary>What the administrator of the machine allows.</summary>
    public IReadOnlyList<string> Allowed { get; } = [.. allowed.Select(folder => "/" + folder.Trim('/'))];

    /// <summary>Where the archives of a team are.</summary>
    public string ArchivesOf(Guid teamId) => Path.Combine(_data, "targets", teamId.ToString("N"));

    /// <summary>The folders of the folder targets, in their order. Throws SF3021 with every one that cannot be opened.</summary>
    public IReadOnlyList<TargetFolder> Open(Guid teamId, IReadOnlyList<ScopedTarget> targets)
    {
        var folders = targets.Where(target => target.Kind == TargetKind.Folder).ToList();
        var problems = new List<Diagnostic>();
        var opened = new List<TargetFolder>();
        foreach (var (target, name) in folders.Zip(TargetFolder.Names(folders.Select(target => target.Name))))
        {
            var wrong = new List<Diagnostic>();
            if (Read(target.Value, teamId, wrong) is { } value)
            {
                opened.Add(new TargetFolder(target.Id, name, PathOf(value, teamId)));
            }

            problems.AddRange(wrong.Select(problem => new Diagnostic(Codes.FolderNotAllowed, $"The folder of target '{target.Name}' cannot be opened: {problem.Message}") { Rule = "target.folder", Remedy = problem.Remedy }));
        }

        return problems.Count == 0 ? opened : throw new SecFlowException(problems);
    }

    /// <summary>The normalised value, or null after adding what is wrong.</summary>
    internal string? Read(string text, Guid teamId, List<Diagnostic> problems)
    {
        if (text.StartsWith("archive:", StringComparison.Ordinal))
        {
            if (Archive().IsMatch(text) && Directory.Exists(PathOf(text, teamId)))
            {
                return text;
            }

            problems.Add(Wrong($"There is no uploaded archive '{TargetValidation.Show(text)}' of this team on this machine.", "Upload the archive first, and give the value that the upload answered."));
            return null;
        }

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

        // Before anything is said about what is there: who may not look at a folder does not learn whether it exists.
        if (!Allowed.Any(folder => Overlaps(folder, path)))
        {
            problems.Add(Wrong(
                $"'{TargetValidation.Show(path)}' is not below a folder that this machine allows as a target ({(Allowed.Count == 0 ? "none is" : string.Join(", ", Allowed))}).",
                "Upload an archive instead, or have the administrator of the machine name the folder in SECFLOW_TARGET_FOLDERS."));
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

    private string PathOf(string value, Guid teamId) => value.StartsWith(ArchivePrefix, StringComparison.Ordinal) ? Path.Combine(ArchivesOf(teamId), value[ArchivePrefix.Length..]) : value;

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

    [GeneratedRegex(@"^archive:sha256:[0-9a-f]{64}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Archive();
}
