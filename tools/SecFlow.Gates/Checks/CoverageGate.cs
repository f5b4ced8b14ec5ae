using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;
using SecFlow.Gates.Reporting;
using SecFlow.Gates.Running;

namespace SecFlow.Gates.Checks;

/// <summary>Lines of one project that some test ran.</summary>
internal sealed record ProjectCoverage(string Project, int Covered, int Lines)
{
    public double Percent => Lines == 0 ? 0 : 100.0 * Covered / Lines;
}

/// <summary>
/// Union of all test runs, line by line: a line counts as covered when any run reached it. Migrations and generated code are left out.
/// Code that runs inside the sandbox cannot be seen; tests drive it in-process as well.
/// </summary>
internal static class CoverageGate
{
    public const string Name = "coverage";
    public const double LeastPerProject = 80;
    public const double LeastOverall = 90;

    public static GateResult Run(Repository repository, IReadOnlyCollection<string>? only = null)
    {
        var watch = Stopwatch.StartNew();
        var projects = Measure(repository, only);
        List<string> problems = [];
        foreach (var project in projects)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {project.Project,-28} {project.Percent,6:0.0} %  {project.Covered,6} of {project.Lines,6} lines"));
            if (project.Percent < LeastPerProject)
            {
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{project.Project}: {project.Percent:0.0} % of lines, at least {LeastPerProject} %; least covered: {string.Join(", ", Worst(repository, project.Project, only))}"));
            }
        }

        var all = new ProjectCoverage("overall", projects.Sum(p => p.Covered), projects.Sum(p => p.Lines));
        if (only is null && all.Percent < LeastOverall)
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"overall: {all.Percent:0.0} % of lines, at least {LeastOverall} %"));
        }

        return GateResult.Check(Name, problems, watch.Elapsed, string.Create(CultureInfo.InvariantCulture, $"{all.Percent:0.0} % of {all.Lines} lines"));
    }

    /// <summary>Every project of src, also one that no test touched.</summary>
    public static IReadOnlyList<ProjectCoverage> Measure(Repository repository, IReadOnlyCollection<string>? only = null)
    {
        var files = ReadAll(repository);
        return [.. repository.SourceProjects().Where(p => only is null || only.Contains(p, StringComparer.Ordinal)).Select(p =>
        {
            var lines = files.Where(f => f.Key.StartsWith($"src/{p}/", StringComparison.Ordinal)).SelectMany(f => f.Value.Values).ToList();
            return new ProjectCoverage(p, lines.Count(hit => hit), lines.Count);
        })];
    }

    private static IEnumerable<string> Worst(Repository repository, string project, IReadOnlyCollection<string>? only) =>
        ReadAll(repository)
            .Where(f => f.Key.StartsWith($"src/{project}/", StringComparison.Ordinal) && (only is null || only.Contains(project, StringComparer.Ordinal)))
            .Select(f => (File: f.Key, Missed: f.Value.Values.Count(hit => !hit)))
            .Where(f => f.Missed > 0)
            .OrderByDescending(f => f.Missed)
            .Take(8)
            .Select(f => $"{f.File} ({f.Missed} lines)");

    private static Dictionary<string, Dictionary<int, bool>> ReadAll(Repository repository)
    {
        Dictionary<string, Dictionary<int, bool>> files = new(StringComparer.Ordinal);
        var folder = repository.At("TestResults");
        if (!Directory.Exists(folder))
        {
            return files;
        }

        foreach (var report in Directory.GetFiles(folder, "coverage.cobertura.xml", SearchOption.AllDirectories))
        {
            Read(repository, XDocument.Load(report), files);
        }

        return files;
    }

    private static void Read(Repository repository, XDocument report, Dictionary<string, Dictionary<int, bool>> files)
    {
        var sources = report.Descendants("source").Select(s => s.Value).DefaultIfEmpty("/").ToList();
        foreach (var type in report.Descendants("class"))
        {
            var name = (string?)type.Attribute("filename") ?? "";
            var path = sources.Select(s => Path.Combine(s, name)).FirstOrDefault(File.Exists);
            var relative = path is null ? "" : Path.GetRelativePath(repository.Root, path).Replace('\\', '/');
            if (!relative.StartsWith("src/", StringComparison.Ordinal) || relative.Contains("/Migrations/", StringComparison.Ordinal) || relative.Contains("/obj/", StringComparison.Ordinal))
            {
                continue;
            }

            if (!files.TryGetValue(relative, out var lines))
            {
                files.Add(relative, lines = []);
            }

            foreach (var line in type.Descendants("line"))
            {
                var number = (int)line.Attribute("number")!;
                lines[number] = (lines.TryGetValue(number, out var hit) && hit) || (long)line.Attribute("hits")! > 0;
            }
        }
    }
}
