using System.Text.Json.Nodes;

namespace SecFlow.Portal.Components.Runs;

/// <summary>What a cascade did, in sentences.</summary>
internal static class CascadeWords
{
    public static IEnumerable<string> Of(JsonObject told)
    {
        var workflow = (string?)told["workflow"];
        if (told["started"] is null)
        {
            yield return $"{workflow} was not started: {(string?)told["reason"]}.";
            yield break;
        }

        if (Number(told, "left") is var left && left > 0)
        {
            yield return $"{workflow} was not started on {Marks.Words.Count(left, "more target")} ({Names(told, "leftNames", left)}): {(string?)told["reason"]}.";
        }
        else if ((string?)told["reason"] is { } reason)
        {
            yield return $"{workflow} was not started: {reason}.";
        }

        foreach (var refused in told["refused"]!.AsArray())
        {
            yield return $"{workflow} on {(string?)refused!["target"]} was refused: {(string?)refused["message"]} ({(string?)refused["code"]})";
        }

        if (Number(told, "outOfScope") is var outside && outside > 0)
        {
            yield return $"{Marks.Words.Count(outside, "discovered host")} {(outside == 1 ? "is" : "are")} no approved target and {(outside == 1 ? "was" : "were")} not touched: {Names(told, "outside", outside)}. Have a target approved to scan one.";
        }

        if (Number(told, "notLookedAt") is var more && more > 0)
        {
            yield return $"{Marks.Words.Count(more, "further place")} {(more == 1 ? "was" : "were")} not looked at: the bound is {Execution.Runs.Cascades.MostPlaces:#,0}.";
        }
    }

    private static int Number(JsonObject told, string key) => (int?)told[key] ?? 0;

    private static string Names(JsonObject told, string key, int all)
    {
        var names = told[key]!.AsArray().Select(n => (string)n!).ToList();
        return string.Join(", ", names) + (all > names.Count ? $" and {all - names.Count} more" : "");
    }
}
