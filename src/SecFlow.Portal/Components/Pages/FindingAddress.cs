using System.Globalization;
using SecFlow.Data.Findings;
using SecFlow.Execution.Findings;

namespace SecFlow.Portal.Components.Pages;

/// <summary>The findings page's address. What it does not understand in an address is left out, so that an old link still opens.</summary>
public static class FindingAddress
{
    private static readonly string[] Sorts = ["severity", "title", "firstSeen", "lastSeen"];

    public static FindingQuery Read(string? severity, string? status, string? target, string? run, string? text, string? sort, int? page, int pageSize) => new()
    {
        Severities = Words<Severity>(severity),
        Statuses = Words<FindingStatus>(status),
        TargetId = Guid.TryParse(target, CultureInfo.InvariantCulture, out var targetId) ? targetId : null,
        RunId = Guid.TryParse(run, CultureInfo.InvariantCulture, out var runId) ? runId : null,
        Text = string.IsNullOrWhiteSpace(text) ? null : text.Length > 200 ? text[..200] : text,
        Sort = sort is not null && Sorts.Contains(sort.TrimStart('-')) ? sort : "severity",
        Skip = (Math.Clamp(page ?? 1, 1, 100_000) - 1) * pageSize,
        Take = pageSize,
    };

    public static string Write(FindingQuery query)
    {
        var parts = new List<string>();
        Add("severity", string.Join(',', query.Severities).ToLowerInvariant());
        Add("status", string.Join(',', query.Statuses).ToLowerInvariant());
        Add("target", query.TargetId?.ToString());
        Add("run", query.RunId?.ToString());
        Add("text", query.Text);
        Add("sort", query.Sort == "severity" ? null : query.Sort);
        Add("page", query.Skip == 0 ? null : (query.Skip / query.Take + 1).ToString(CultureInfo.InvariantCulture));
        return parts.Count == 0 ? "findings" : "findings?" + string.Join('&', parts);

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                parts.Add(name + "=" + Uri.EscapeDataString(value).Replace("%2C", ",", StringComparison.Ordinal));
            }
        }
    }

    /// <summary>Sort word of a grid column. Severity sorts the gravest first unless turned round.</summary>
    public static string SortOf(string property, bool descending) => property switch
    {
        "Title" => descending ? "-title" : "title",
        "FirstSeenAt" => descending ? "-firstSeen" : "firstSeen",
        "LastSeenAt" => descending ? "-lastSeen" : "lastSeen",
        _ => descending ? "severity" : "-severity",
    };

    private static T[] Words<T>(string? text)
        where T : struct, Enum =>
        [.. (text ?? "").Split(',').Select(word => Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsDigit(word[0]) ? value : (T?)null).OfType<T>().Distinct()];
}
