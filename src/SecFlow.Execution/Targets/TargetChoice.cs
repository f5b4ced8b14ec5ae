using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>Which targets a person, token or schedule means: by id, by name, by tag.</summary>
public static class TargetChoice
{
    /// <summary>Most names, and most tags, of one choice.</summary>
    public const int MostWords = 100;

    /// <summary>Ids, each once, in the order ids, names, tags (by name). Throws SF1502 with every name and tag that nothing has, and the nearest that there is.</summary>
    public static async Task<IReadOnlyList<Guid>> ResolveAsync(TargetStore targets, Guid teamId, IReadOnlyList<Guid> ids, IReadOnlyList<string> names, IReadOnlyList<string> tags, CancellationToken ct)
    {
        if (names.Count == 0 && tags.Count == 0)
        {
            return ids;
        }

        if (names.Count > MostWords || tags.Count > MostWords)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"At most {MostWords} names and {MostWords} tags choose the targets of a run.");
        }

        var rows = await targets.ListAsync(teamId, ct: ct);
        var problems = names.Where(name => rows.All(row => row.Name != name))
            .Select(name => new Diagnostic(Codes.NotFound, $"There is no target named '{TargetValidation.Show(name)}' in this team.{Spelling.Hint(name, rows.Select(row => row.Name))}") { Path = "targets" })
            .Concat(tags.Where(tag => !rows.Any(row => Tags(row).Contains(tag)))
                .Select(tag => new Diagnostic(Codes.NotFound, $"No target of this team has the tag '{TargetValidation.Show(tag)}'.{Spelling.Hint(tag, rows.SelectMany(Tags).Distinct(StringComparer.Ordinal))}") { Path = "tags" }))
            .ToList();
        return problems.Count > 0
            ? throw new SecFlowException(problems)
            : [.. ids.Concat(names.Select(name => rows.First(row => row.Name == name).Id)).Concat(rows.Where(row => Tags(row).Intersect(tags, StringComparer.Ordinal).Any()).Select(row => row.Id)).Distinct()];
    }

    private static string[] Tags(Target row) => row.Tags.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
