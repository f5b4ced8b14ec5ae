using System.Globalization;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>The fields of one line, turned into what a form would ask for.</summary>
internal static class TargetCsvFields
{
    private static readonly string[] _yes = ["yes", "true", "1"];
    private static readonly string[] _no = ["", "no", "false", "0"];

    /// <summary>Which column a field of <see cref="NewTarget"/> comes from, where the words differ.</summary>
    private static readonly Dictionary<string, string> _columns = new(StringComparer.Ordinal)
    {
        ["authorisationReference"] = "reference",
        ["authorisedFrom"] = "from",
        ["authorisedUntil"] = "until",
        ["maxIntrusiveness"] = "intrusiveness",
        ["requestsPerSecond"] = "rate",
        ["userAgent"] = "user_agent",
        ["privateAddressApproved"] = "private",
    };

    public static NewTarget Read(TargetCsvRow row, List<Diagnostic> problems)
    {
        string Text(string column) => row.Fields.GetValueOrDefault(column, "");
        foreach (var (column, text) in row.Fields.Where(field => field.Value.Length > 0 && field.Value[0] is '=' or '+' or '-' or '@' or '\t' or '\r'))
        {
            problems.Add(Wrong(column, $"'{TargetValidation.Show(text)}' begins like a formula, which a spreadsheet would execute.", "Begin it with a letter or a digit."));
        }

        return new NewTarget(Text("name"), Word(Text("kind"), "kind", TargetKind.Url, required: true, problems), Text("value"), Text("reference"), Date(Text("until"), "until", endOfDay: true, problems))
        {
            AuthorisedFrom = Date(Text("from"), "from", endOfDay: false, problems),
            Ports = Text("ports"),
            Tags = Text("tags"),
            Owner = Text("owner"),
            MaxIntrusiveness = Word(Text("intrusiveness"), "intrusiveness", Intrusiveness.Safe, required: false, problems),
            RequestsPerSecond = Rate(Text("rate"), problems),
            UserAgent = Text("user_agent"),
            Windows = Text("windows"),
            PrivateAddressApproved = Flag(Text("private"), problems),
        };
    }

    /// <summary>A problem of a field, at the line and column of the file.</summary>
    public static Diagnostic Place(Diagnostic problem, TargetCsvRow row)
    {
        var column = problem.Path is { } path ? _columns.GetValueOrDefault(path, path) : null;
        var at = column is null ? -1 : row.Fields.Keys.ToList().IndexOf(column);
        return problem with { Code = Codes.ImportInvalid, Line = row.Line, Column = at < 0 ? null : at + 1, Path = column };
    }

    private static T Word<T>(string text, string column, T fallback, bool required, List<Diagnostic> problems)
        where T : struct, Enum
    {
        var word = text.Trim();
        if (word.Length == 0 && !required)
        {
            return fallback;
        }

        if (word.All(char.IsAsciiLetter) && Enum.TryParse<T>(word, ignoreCase: true, out var value))
        {
            return value;
        }

        var known = Enum.GetNames<T>().Select(name => name.ToLowerInvariant()).ToList();
        problems.Add(Wrong(column, $"'{TargetValidation.Show(word)}' is not one of {string.Join(", ", known)}.{Spelling.Hint(word, known)}", $"Write one of {string.Join(", ", known)}."));
        return fallback;
    }

    private static DateTimeOffset? Date(string text, string column, bool endOfDay, List<Diagnostic> problems)
    {
        var word = text.Trim();
        if (word.Length == 0)
        {
            return null;
        }

        if (DateOnly.TryParseExact(word, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return new DateTimeOffset(day.ToDateTime(endOfDay ? new TimeOnly(23, 59, 59) : TimeOnly.MinValue), TimeSpan.Zero);
        }

        if (DateTimeOffset.TryParseExact(word, ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time.ToUniversalTime();
        }

        problems.Add(Wrong(column, $"'{TargetValidation.Show(word)}' is not a date.", "Write 2027-01-31, or 2027-01-31T18:00:00Z."));
        return null;
    }

    private static int Rate(string text, List<Diagnostic> problems)
    {
        var word = text.Trim();
        if (word.Length == 0)
        {
            return 10;
        }

        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var rate))
        {
            return rate;
        }

        problems.Add(Wrong("rate", $"'{TargetValidation.Show(word)}' is not a number of requests per second.", "Write 1 to 1000."));
        return 10;
    }

    private static bool Flag(string text, List<Diagnostic> problems)
    {
        var word = text.Trim().ToLowerInvariant();
        if (_yes.Contains(word, StringComparer.Ordinal))
        {
            return true;
        }

        if (!_no.Contains(word, StringComparer.Ordinal))
        {
            problems.Add(Wrong("private", $"'{TargetValidation.Show(word)}' is neither yes nor no.{Spelling.Hint(word, ["yes", "no"])}", "Write yes when a private or loopback address is meant."));
        }

        return false;
    }

    private static Diagnostic Wrong(string column, string message, string remedy) => new(Codes.ImportInvalid, $"{message} {remedy}") { Path = column, Remedy = remedy };
}
