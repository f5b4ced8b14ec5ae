using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Cli.Api;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Runs;

/// <summary>
/// Requests about runs of one portal. As text stdout has a line <c>ID STATUS WORKFLOW</c>, as JSON the portal's answer: the run, or with its end everything about it.
/// Waiting reads the run's stored events; an answer that breaks off is asked for again from the last event on.
/// </summary>
internal sealed class PortalRun(Terminal terminal, string url, string format)
{
    private const int MostBreaks = 20;
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);

    /// <summary>Id of a workflow by its name or id; null with the exit code when there is none.</summary>
    public async Task<(int Failed, string? Id)> FindWorkflowAsync(string workflow, CancellationToken ct)
    {
        if (Guid.TryParse(workflow, out _))
        {
            return (ExitCodes.Done, workflow);
        }

        var (exit, answer) = await AskAsync(HttpMethod.Get, "workflows", null, ct);
        if (exit != ExitCodes.Done)
        {
            return (exit, null);
        }

        var all = (answer?["items"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (all.FirstOrDefault(w => string.Equals((string?)w["name"], workflow, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return (ExitCodes.Done, (string?)found["id"]);
        }

        await CliApp.SayAsync(terminal, new Diagnostic(Codes.NotFound, $"There is no workflow '{workflow}' in this team. There are: {string.Join(", ", all.Select(w => Output.Plain((string?)w["name"] ?? "")).Take(20))}."));
        return (ExitCodes.Usage, null);
    }

    /// <summary>Posts a wish, prints the run, and waits for its end when that is asked for.</summary>
    public async Task<int> SendAsync(string path, JsonObject? body, Wait? wait, CancellationToken ct, string? key = null)
    {
        var (exit, run) = await AskAsync(HttpMethod.Post, path, body, ct, key);
        if (exit != ExitCodes.Done)
        {
            return exit;
        }

        var id = (string?)run?["id"] ?? path.Split('/')[1];
        if (wait is not null && Guid.TryParse(id, out var known))
        {
            await terminal.Error.WriteLineAsync($"run {id}");
            return await WatchAsync(known, wait.FailOn, ct);
        }

        await PrintAsync(run ?? new JsonObject { ["id"] = id }, run);
        return ExitCodes.Done;
    }

    /// <summary>Says what its nodes do until it has ended.</summary>
    public async Task<int> WatchAsync(Guid id, string? failOn, CancellationToken ct)
    {
        var (seen, broken, ended) = (0L, 0, false);
        while (!ended)
        {
            var (type, before) = ("", seen);
            using var request = PortalClient.Request(HttpMethod.Get, url, $"runs/{id}/events");
            request.Headers.Add("Last-Event-ID", seen.ToString(CultureInfo.InvariantCulture));
            var exit = await PortalClient.StreamAsync(
                request,
                terminal,
                async line =>
                {
                    if (line.StartsWith("id: ", StringComparison.Ordinal) && long.TryParse(line.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var seq))
                    {
                        seen = seq;
                    }
                    else if (line.StartsWith("event: ", StringComparison.Ordinal))
                    {
                        type = line[7..];
                        ended = type == "end";
                    }
                    else if (line.StartsWith("data: ", StringComparison.Ordinal))
                    {
                        await SayAsync(type, line[6..]);
                    }

                    return ended;
                },
                ct);
            if (exit is not null and not ExitCodes.Done)
            {
                return exit.Value;
            }

            broken = seen > before ? 0 : broken + 1;
            if (!ended && broken > MostBreaks)
            {
                await terminal.Error.WriteLineAsync($"secflow: {url} does not answer any more. The run goes on there; see it again with: secflow run watch {id}");
                return ExitCodes.Failed;
            }

            if (!ended)
            {
                await Task.Delay(_pause, TimeProvider.System, ct);
            }
        }

        return await EndAsync(id, failOn, ct);
    }

    private async Task<int> EndAsync(Guid id, string? failOn, CancellationToken ct)
    {
        var (exit, detail) = await AskAsync(HttpMethod.Get, $"runs/{id}", null, ct);
        if (exit != ExitCodes.Done || detail?["run"] is not JsonObject run || !Enum.TryParse<RunStatus>(((string?)run["status"])?.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var status))
        {
            return exit == ExitCodes.Done ? ExitCodes.Failed : exit;
        }

        var matter = false;
        if (failOn is not null)
        {
            var from = Enum.Parse<Severity>(failOn, ignoreCase: true);
            var severities = string.Join(',', Enum.GetValues<Severity>().Where(s => s >= from).Select(s => s.ToString().ToLowerInvariant()));
            (exit, var page) = await AskAsync(HttpMethod.Get, $"findings?runId={id}&severity={severities}&limit=1", null, ct);
            if (exit != ExitCodes.Done)
            {
                return exit;
            }

            matter = page?["items"] is JsonArray { Count: > 0 };
        }

        await PrintAsync(run, detail);
        foreach (var gap in (detail["assessments"] as JsonArray ?? []).OfType<JsonObject>().Where(a => !string.Equals((string?)a["verdict"], "completed", StringComparison.OrdinalIgnoreCase)))
        {
            await terminal.Error.WriteLineAsync($"not assessed: {Output.Plain((string?)gap["target"] ?? "")} by {(string?)gap["plugin"]}: {(string?)gap["verdict"]}, {Output.Plain((string?)gap["reason"] ?? "")}");
        }

        return ExitCodes.Of(status, matter);
    }

    private async Task SayAsync(string type, string json)
    {
        if (type == "error")
        {
            await terminal.Error.WriteLineAsync($"secflow: the portal ended the watching: {Output.Plain(json)}");
        }

        if (type is not ("run.status" or "node.status") || PortalClient.Read(json) is not { } e || e["data"] is not JsonObject data || (string?)data["status"] is not { } status)
        {
            return;
        }

        var why = ((string?)data["message"] ?? (string?)data["reason"]) is { Length: > 0 } text ? ": " + Output.Plain(text) : "";
        var by = (string?)data["by"] is { } who ? " by " + Output.Plain(who) : "";
        await terminal.Error.WriteLineAsync($"{(type == "run.status" ? "run" : (string?)e["nodeId"])}: {status}{by}{why}");
    }

    private async Task PrintAsync(JsonObject run, JsonObject? all)
    {
        if (format == "json")
        {
            await Output.WriteJsonAsync(terminal, all ?? run);
        }
        else
        {
            await terminal.Out.WriteLineAsync($"{(string?)run["id"]}  {(string?)run["status"] ?? "-"}  {Output.Plain((string?)run["workflow"] ?? "-")}");
        }
    }

    private async Task<(int Exit, JsonObject? Answer)> AskAsync(HttpMethod method, string path, JsonObject? body, CancellationToken ct, string? key = null)
    {
        using var request = PortalClient.Request(method, url, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (key is not null && !request.Headers.TryAddWithoutValidation("Idempotency-Key", key))
        {
            throw new SecFlowException(Codes.OptionInvalid, "--idempotency-key: 1 to 200 visible ASCII characters were expected.");
        }

        JsonObject? answer = null;
        var exit = await PortalClient.SendAsync(
            request,
            terminal,
            (text, _) =>
            {
                answer = PortalClient.Read(text);
                return Task.CompletedTask;
            },
            ct);
        return (exit, exit == ExitCodes.Done ? answer : null);
    }
}
