using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Targets;

/// <summary>What would become of one line.</summary>
public enum ImportState
{
    /// <summary>Becomes a target.</summary>
    New,

    /// <summary>The same kind and value is a target of the team already, or stands further up: left out.</summary>
    Duplicate,

    /// <summary>Something is wrong with it.</summary>
    Invalid,
}

/// <summary>One line of a preview. <paramref name="Of"/>: the target or line that it repeats.</summary>
public sealed record ImportLine(int Line, string Name, string Kind, string Value, string Reference, ImportState State, string? Of);

/// <summary>What an import would do. <paramref name="Digest"/> of the file is what confirms it.</summary>
public sealed record ImportPreview(string Digest, IReadOnlyList<ImportLine> Lines, IReadOnlyList<Diagnostic> Problems)
{
    public int New => Lines.Count(line => line.State == ImportState.New);

    public int Duplicates => Lines.Count(line => line.State == ImportState.Duplicate);

    /// <summary>True when it may be confirmed: no line is wrong, and at least one is new.</summary>
    public bool Ready => Problems.Count == 0 && New > 0;
}

/// <summary>
/// Targets from a CSV file.
/// 1. A preview first: every line is validated as a form would be, every problem is told at once with line, column and the nearest right spelling. Nothing is stored.
/// 2. Confirmed by the digest of the previewed file: validated again, then all new lines are stored in one transaction, or none.
/// 3. Who confirms authorises all of them, under the reference that each line names.
/// </summary>
public sealed class TargetImport(TargetStore targets, TargetService service, TargetValidation validation, Access access)
{
    /// <summary>Most bytes of a file.</summary>
    public const int MostBytes = TargetCsv.MostBytes;

    private const int AtOnce = 16;

    /// <summary>Reads a file of at most <see cref="MostBytes"/>. Throws SF1504 for a longer one.</summary>
    public static async Task<byte[]> ReadAsync(Stream content, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(content);
        using var file = new MemoryStream();
        var piece = new byte[64 * 1024];
        int got;
        while ((got = await content.ReadAsync(piece, ct)) > 0)
        {
            if (file.Length + got > MostBytes)
            {
                throw new SecFlowException(Codes.RequestTooLarge, $"The file is larger than {MostBytes / 1024} KiB. Split it: one import has at most {TargetCsv.MostRows} targets.");
            }

            file.Write(piece, 0, got);
        }

        return file.ToArray();
    }

    /// <summary>What the file would do. Role Admin. Problems are in the answer, not thrown.</summary>
    public async Task<ImportPreview> PreviewAsync(Actor actor, byte[] file, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditTargets, null, "target", ct);
        return (await ReadAsync(actor, file, ct)).Preview;
    }

    /// <summary>Stores the new targets of a previewed file. Throws SF1405 with every problem, SF1503 when it is not the file of the preview or a target came in between.</summary>
    public async Task<IReadOnlyList<Target>> ConfirmAsync(Actor actor, byte[] file, string digest, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditTargets, null, "target", ct);
        var (preview, rows) = await ReadAsync(actor, file, ct);
        if (preview.Problems.Count > 0)
        {
            throw new SecFlowException(preview.Problems);
        }

        if (!string.Equals(preview.Digest, digest, StringComparison.Ordinal))
        {
            throw new SecFlowException(Codes.Conflict, $"This is not the file of the preview: expected {TargetValidation.Show(digest)}; found {preview.Digest}. Look at a preview of this file first.");
        }

        if (rows.Count == 0)
        {
            throw new SecFlowException(Codes.ImportInvalid, "Nothing in the file is new. Nothing was stored.");
        }

        try
        {
            return await targets.AddManyAsync(actor, rows, new JsonObject { ["import"] = preview.Digest }, ct);
        }
        catch (ConflictException conflict)
        {
            throw new SecFlowException(Codes.Conflict, conflict.Message, conflict);
        }
    }

    private async Task<(ImportPreview Preview, IReadOnlyList<Target> New)> ReadAsync(Actor actor, byte[] file, CancellationToken ct)
    {
        var problems = new List<Diagnostic>();
        var rows = TargetCsv.Read(file, problems);
        var read = new (Target Row, List<Diagnostic> Problems)[rows.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, rows.Count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (at, token) =>
        {
            var wrong = new List<Diagnostic>();
            var asked = TargetCsvFields.Read(rows[at], wrong);
            var row = await validation.ReadAsync(asked, actor.TeamId, wrong, token);
            read[at] = (service.Authorised(row, asked, actor), wrong);
        });

        var existing = await targets.ListAsync(actor.TeamId, ct: ct);
        var (lines, fresh) = (new List<ImportLine>(), new List<(Target Row, int Line)>());
        foreach (var ((row, wrong), source) in read.Zip(rows))
        {
            var of = Twin(row, existing, fresh);
            if (of is null && wrong.Count == 0 && Namesake(row, existing, fresh) is { } taken)
            {
                wrong.Add(new Diagnostic(Codes.ImportInvalid, $"The name '{row.Name}' is taken by {taken}, which is another place. Choose another name.") { Path = "name" });
            }

            var state = wrong.Count > 0 ? ImportState.Invalid : of is not null ? ImportState.Duplicate : ImportState.New;
            if (state == ImportState.New)
            {
                fresh.Add((row, source.Line));
            }

            problems.AddRange(wrong.Select(problem => TargetCsvFields.Place(problem, source)));
            lines.Add(new ImportLine(source.Line, Shown(source, "name"), Shown(source, "kind"), Shown(source, "value"), Shown(source, "reference"), state, state == ImportState.Duplicate ? of : null));
        }

        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(file));
        return (new ImportPreview(digest, lines, [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)]), [.. fresh.Select(one => one.Row)]);
    }

    private static string? Twin(Target row, IReadOnlyList<Target> existing, List<(Target Row, int Line)> fresh) =>
        row.Value.Length == 0 ? null
        : existing.FirstOrDefault(other => other.Kind == row.Kind && other.Value == row.Value) is { } stored ? $"target '{stored.Name}'"
        : fresh.FirstOrDefault(other => other.Row.Kind == row.Kind && other.Row.Value == row.Value) is { Row: not null } above ? $"line {above.Line.ToString(CultureInfo.InvariantCulture)}"
        : null;

    private static string? Namesake(Target row, IReadOnlyList<Target> existing, List<(Target Row, int Line)> fresh) =>
        existing.Any(other => other.Name == row.Name) ? "a target of the team"
        : fresh.FirstOrDefault(other => other.Row.Name == row.Name) is { Row: not null } above ? $"line {above.Line.ToString(CultureInfo.InvariantCulture)}"
        : null;

    private static string Shown(TargetCsvRow row, string column) => TargetValidation.Show(row.Fields.GetValueOrDefault(column, ""));
}
