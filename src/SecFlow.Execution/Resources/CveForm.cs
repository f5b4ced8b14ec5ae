using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SecFlow.Data.Blobs;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Resources;

/// <summary>
/// Data sets of CVEs, recognised by what they hold:
/// EPSS       <c>#model_version:v2026.01.01,score_date:2026-01-01T00:00:00+0000</c>, <c>cve,epss,percentile</c>, rows (.csv, .csv.gz);
/// CISA KEV   <c>{"catalogVersion":...,"dateReleased":...,"vulnerabilities":[{"cveID":...}]}</c>;
/// NVD 2.0    <c>{"format":"NVD_CVE","timestamp":...,"vulnerabilities":[{"cve":{"id":...}}]}</c>, or one file per CVE <c>{"id":"CVE-...",...}</c>; a zip of such files becomes the first form.
/// </summary>
internal static partial class CveForm
{
    private const int LongestRow = 200;
    private const int MostArchiveFiles = 400_000;
    private const long MostEntryBytes = 16 * 1024 * 1024;

    public static async Task<ResourceFacts> StoreAsync(Stream text, Stream stored, CancellationToken ct)
    {
        var head = new byte[64];
        var got = await text.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct);
        await using var whole = new Rejoined(head.AsMemory(0, got), text);
        var start = Encoding.UTF8.GetString(head, 0, got).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        return start.StartsWith('{') || start.StartsWith('[') ? await StoreJsonAsync(whole, stored, ct)
            : start.StartsWith('#') || start.StartsWith("cve,", StringComparison.OrdinalIgnoreCase) ? await StoreEpssAsync(whole, stored, ct)
            : throw ResourceForm.Wrong("it is neither JSON (NVD 2.0, CISA KEV) nor an EPSS table (cve,epss,percentile)");
    }

    /// <summary>One file in the zip: that file. Several: one CVE of NVD each.</summary>
    public static async Task<ResourceFacts> StoreArchiveAsync(FileStream file, Stream stored, long most, CancellationToken ct)
    {
        using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        var entries = archive.Entries.Where(e => !e.FullName.EndsWith('/') && !e.FullName.EndsWith("_meta.json", StringComparison.Ordinal)).ToList();
        if (entries.Count is 0 or > MostArchiveFiles)
        {
            throw ResourceForm.Wrong(entries.Count == 0 ? "the archive is empty" : $"the archive holds more than {MostArchiveFiles} files");
        }

        if (entries.Count == 1)
        {
            await using var only = ResourceForm.Bounded(entries[0].Open(), most, leaveOpen: false);
            return await StoreAsync(only, stored, ct);
        }

        // first the date, which stands at the top of what is written
        var date = "";
        var left = most;
        foreach (var entry in entries)
        {
            using var document = await ReadOneAsync(entry, left, ct);
            left -= document.Bytes;
            date = string.CompareOrdinal(document.Modified, date) > 0 ? document.Modified : date;
        }

        await stored.WriteAsync(Encoding.UTF8.GetBytes($"{{\"format\":\"NVD_CVE\",\"version\":\"2.0\",\"timestamp\":{JsonSerializer.Serialize(date)},\"vulnerabilities\":["), ct);
        var first = true;
        foreach (var entry in entries)
        {
            using var document = await ReadOneAsync(entry, MostEntryBytes, ct);
            await stored.WriteAsync(Encoding.UTF8.GetBytes(first ? "\n{\"cve\":" : ",\n{\"cve\":"), ct);
            await using (var writer = new Utf8JsonWriter(stored))
            {
                document.Json.RootElement.WriteTo(writer);
            }

            await stored.WriteAsync("}"u8.ToArray(), ct);
            first = false;
        }

        await stored.WriteAsync("\n]}\n"u8.ToArray(), ct);
        return new ResourceFacts(entries.Count, DateOf(date));
    }

    private sealed record OneCve(JsonDocument Json, long Bytes, string Modified) : IDisposable
    {
        public void Dispose() => Json.Dispose();
    }

    private static async Task<OneCve> ReadOneAsync(ZipArchiveEntry entry, long left, CancellationToken ct)
    {
        using var bytes = new MemoryStream();
        await using (var content = ResourceForm.Bounded(entry.Open(), Math.Min(left, MostEntryBytes), leaveOpen: false))
        {
            await content.CopyToAsync(bytes, ct);
        }

        try
        {
            var document = JsonDocument.Parse(bytes.ToArray());
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && Cve().IsMatch(id.GetString()!))
            {
                return new OneCve(document, bytes.Length, document.RootElement.TryGetProperty("lastModified", out var at) && at.ValueKind == JsonValueKind.String ? at.GetString()! : "");
            }

            document.Dispose();
        }
        catch (JsonException e)
        {
            throw ResourceForm.Wrong($"a file of the archive is no JSON ({e.Message})", e);
        }

        throw ResourceForm.Wrong("a file of the archive is not one CVE of NVD JSON 2.0 ({\"id\": \"CVE-...\"})");
    }

    private static async Task<ResourceFacts> StoreJsonAsync(Stream json, Stream stored, CancellationToken ct)
    {
        var walk = new CveWalk();
        var piece = new byte[64 * 1024];
        try
        {
            int got;
            while ((got = await json.ReadAsync(piece, ct)) > 0)
            {
                walk.Take(piece.AsSpan(0, got), final: false);
                await stored.WriteAsync(piece.AsMemory(0, got), ct);
            }

            walk.Take([], final: true);
        }
        catch (JsonException e)
        {
            throw ResourceForm.Wrong($"the JSON is broken ({e.Message})", e);
        }

        if (walk.IsRetired)
        {
            throw ResourceForm.Wrong("it is NVD JSON 1.1 (CVE_Items), which NVD has retired; take the 2.0 form");
        }

        return walk.Entries > 0
            ? new ResourceFacts(walk.Entries, DateOf(walk.Date))
            : throw ResourceForm.Wrong("it holds no CVE; expected NVD JSON 2.0 ({\"vulnerabilities\": [{\"cve\": {\"id\": ...}}]} or one CVE a file) or CISA KEV ({\"vulnerabilities\": [{\"cveID\": ...}]})");
    }

    private static async Task<ResourceFacts> StoreEpssAsync(Stream text, Stream stored, CancellationToken ct)
    {
        using var reader = new StreamReader(text, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, leaveOpen: true);
        await using var writer = new StreamWriter(stored, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        string? date = null;
        long rows = 0, line = 0;
        var header = false;
        while (await reader.ReadLineAsync(ct) is { } row)
        {
            line++;
            if (row.Length is 0 or > LongestRow)
            {
                throw ResourceForm.Wrong($"line {line} is {(row.Length == 0 ? "empty" : "longer than a row of EPSS")}");
            }

            if (row[0] == '#')
            {
                date ??= ScoreDate().Match(row) is { Success: true } match ? match.Groups[1].Value : null;
            }
            else if (!header)
            {
                header = row.Trim().Equals("cve,epss,percentile", StringComparison.OrdinalIgnoreCase) ? true : throw ResourceForm.Wrong($"line {line} is not 'cve,epss,percentile'");
            }
            else
            {
                rows++;
                CheckRow(row, line);
            }

            await writer.WriteLineAsync(row.AsMemory(), ct);
        }

        await writer.FlushAsync(ct);
        return rows > 0 ? new ResourceFacts(rows, DateOf(date)) : throw ResourceForm.Wrong("the EPSS table has no rows");
    }

    private static void CheckRow(string row, long line)
    {
        var fields = row.Split(',');
        if (fields.Length != 3 || !Cve().IsMatch(fields[0]) || !IsShare(fields[1]) || !IsShare(fields[2]))
        {
            throw ResourceForm.Wrong($"line {line} is no row of EPSS (CVE id, probability 0..1, percentile 0..1)");
        }
    }

    private static bool IsShare(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1;

    private static string? DateOf(string? text)
    {
        var date = text is { Length: >= 10 } ? text[..10].Replace('.', '-') : "";
        return DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? date : null;
    }

    [GeneratedRegex(@"\ACVE-\d{4}-\d{4,19}\z", RegexOptions.CultureInvariant, 1000)]
    internal static partial Regex Cve();

    [GeneratedRegex(@"score_date:\s*(\d{4}-\d{2}-\d{2})", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ScoreDate();

    /// <summary>A stream of which the first bytes were looked at.</summary>
    private sealed class Rejoined(ReadOnlyMemory<byte> head, Stream rest) : ForwardStream
    {
        protected override int ReadNext(Span<byte> buffer) => FromHead(buffer) is > 0 and var got ? got : rest.Read(buffer);

        protected override async ValueTask<int> ReadNextAsync(Memory<byte> buffer, CancellationToken ct) => FromHead(buffer.Span) is > 0 and var got ? got : await rest.ReadAsync(buffer, ct);

        private int FromHead(Span<byte> buffer)
        {
            var at = (int)Math.Min(Position, head.Length);
            var count = Math.Min(buffer.Length, head.Length - at);
            head.Span.Slice(at, count).CopyTo(buffer);
            return count;
        }
    }
}
