using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Findings;

/// <summary>
/// What a node's plugin says, on its way into the database.
/// 1. A record is staged valid, or rejected with its reason; rejected ones are counted, and the first <see cref="RejectedKept"/> are kept.
/// 2. Only discovery, scan and analysis create findings; enrich and filter speak of findings in their inputs (<see cref="FindingMarks"/>); report makes artifacts.
/// 3. A limit on records ends the node with that limit; nothing is dropped in silence.
/// 4. What lies outside the targets is kept as out of scope (<see cref="ScopeMarks"/>), and creates no finding. A record that its category or scope forbids is a policy decision: audited, the first of equal ones one by one.
/// 5. Of several verdicts about a target the worst counts; their checks are joined.
/// </summary>
public sealed class FindingStaging : IPluginOutput
{
    public const int RejectedKept = 1000;

    /// <summary>Checks that are kept of all verdicts about one target.</summary>
    public const int MostChecks = 5000;

    private static readonly string[] _findingCategories = ["discovery", "scan", "analysis"];

    private readonly RunJournal _journal;
    private readonly NodeRun _node;
    private readonly PluginManifest _manifest;
    private readonly IReadOnlyDictionary<string, string> _outputs;
    private readonly IReadOnlyList<ScopedTarget> _targets;
    private readonly HashSet<string> _fingerprints = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _perSeverity = new(StringComparer.Ordinal) { ["critical"] = 0, ["high"] = 0, ["medium"] = 0, ["low"] = 0, ["info"] = 0 };
    private readonly Dictionary<string, int> _perPort = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Said> _verdicts = [];
    private readonly IngestionGuard _guard;
    private readonly ScopeMarks _scope;
    private int? _percent;
    private string? _text;
    private int _chunk;
    private int _chunks;

    /// <param name="journal">Where staged records and events go.</param>
    /// <param name="node">The node run; its attempt marks the records.</param>
    /// <param name="manifest">What the plugin declared.</param>
    /// <param name="outputs">Port -> dataset name.</param>
    /// <param name="targets">Approved targets of the node.</param>
    /// <param name="inputs">The node's input datasets.</param>
    /// <param name="guard">Asks the policy about records and keeps its refusals.</param>
    internal FindingStaging(
        RunJournal journal, NodeRun node, PluginManifest manifest, IReadOnlyDictionary<string, string> outputs, IReadOnlyList<ScopedTarget> targets, IEnumerable<InputDataset> inputs, IngestionGuard guard)
    {
        (_journal, _node, _manifest, _outputs, _targets, _guard) = (journal, node, manifest, outputs, targets, guard);
        _scope = new ScopeMarks(targets);
        Marks = FindingMarks.MadeBy(manifest.Category) ? new FindingMarks(manifest.Category, inputs) : null;
        Artifacts = manifest.Category == "report" ? new ArtifactDrafts() : null;
    }

    /// <summary>Of an enrich or filter node; null for any other.</summary>
    public FindingMarks? Marks { get; }

    /// <summary>Of a report node; null for any other.</summary>
    public ArtifactDrafts? Artifacts { get; }

    /// <summary>What was said of one target.</summary>
    public sealed record Said(Verdict Verdict, string Reason, IReadOnlyList<string> Checks);

    /// <summary>The limit that was reached; null while none is.</summary>
    public Diagnostic? LimitReached { get; private set; }

    /// <summary>Most findings of this attempt; tests set it lower.</summary>
    internal long MostFindings { get; set; } = Limits.FindingsPerNode.Default;

    /// <summary>Distinct findings of this attempt.</summary>
    public int Findings => _fingerprints.Count;

    public int Rejected { get; private set; }

    public IReadOnlyDictionary<Guid, Said> Verdicts => _verdicts;

    /// <summary>Records per bound output port.</summary>
    public IReadOnlyDictionary<string, int> Records => _perPort;

    public async ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct)
    {
        var type = _manifest.Outputs.FirstOrDefault(p => p.Name == port)?.Type ?? (port == "findings" && (CreatesFindings || Marks is not null) ? "findings" : null);
        var staged = new List<StagedRecord>(records.Count);
        foreach (var record in records)
        {
            var row = LimitReached is not null ? null : type switch
            {
                null => Reject(port, record, $"'{_manifest.Id}' has no output port '{port}'"),
                "findings" when Marks is not null => await MarkAsync(Marks, port, record, ct),
                "findings" => await FindingAsync(port, record),
                _ when !_outputs.ContainsKey(port) => Reject(port, record, $"the node does not bind the output port '{port}'"),
                _ => Plain(port, type, record),
            };
            if (row is null)
            {
                break;
            }

            staged.Add(row);
        }

        _guard.Accepted(staged.Count);
        _journal.Progress(new NodeProgress(_node.Id, _percent, _text, Findings, Rejected));
        for (var i = 0; i < staged.Count; i += RunWriter.MaxBatch)
        {
            await _journal.StageAsync([.. staged.Skip(i).Take(RunWriter.MaxBatch).Where(s => s.Data.Length > 0)], ct);
        }

        if (LimitReached is not null)
        {
            // What came before the limit is kept.
            throw new SecFlowException(LimitReached);
        }
    }

    /// <summary>The records that follow come from this chunk.</summary>
    internal void BeginChunk(int chunk, int of)
    {
        (_chunk, _chunks) = (chunk, of);
        _percent = (chunk - 1) * 100 / of;
    }

    /// <summary>What chunks said before this engine or this attempt: their records are staged.</summary>
    /// <param name="findings">Fingerprint -> severity.</param>
    /// <param name="records">Valid records by port.</param>
    /// <param name="verdicts">What was said of targets.</param>
    /// <param name="rejected">How many records were rejected.</param>
    internal void Restore(IReadOnlyDictionary<string, string?> findings, IReadOnlyDictionary<string, int> records, IReadOnlyDictionary<Guid, Said> verdicts, int rejected)
    {
        Marks?.Restore(findings.Keys);
        foreach (var (fingerprint, severity) in Marks is null ? findings : new Dictionary<string, string?>())
        {
            _fingerprints.Add(fingerprint);
            _perSeverity[severity ?? "info"]++;
        }

        foreach (var (port, count) in records)
        {
            _perPort[port] = count;
        }

        foreach (var (target, said) in verdicts)
        {
            _verdicts[target] = said;
        }

        Rejected = rejected;
    }

    /// <summary>At the end of the attempt: what was out of scope is said and counted.</summary>
    public async Task FinishAsync()
    {
        foreach (var (type, count) in _scope.Marked)
        {
            _journal.Add("log", _node.NodeId, new JsonObject { ["level"] = "info", ["text"] = $"{count} {type} lie outside of the run's targets: kept as out of scope, never touched." });
        }

        await _guard.FinishAsync(_scope.Marked);
    }

    public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct)
    {
        var about = target is null ? _targets : [.. _targets.Where(t => t.Value == target || t.Id.ToString() == target || t.Name == target)];
        if (about.Count == 0)
        {
            _journal.Add("log", _node.NodeId, new JsonObject { ["level"] = "warn", ["text"] = $"A verdict about '{Head(target, 200)}' was ignored: it is not a target of this node." });
            return ValueTask.CompletedTask;
        }

        foreach (var t in about)
        {
            var before = _verdicts.GetValueOrDefault(t.Id);
            var worst = before is not null && before.Verdict > verdict ? before : null;
            var known = before?.Checks ?? [];
            _verdicts[t.Id] = new Said(
                worst?.Verdict ?? verdict,
                worst?.Reason ?? Head(reason, 1000)!,
                known.Count >= MostChecks ? known : [.. known.Union(checks.Select(c => Clean(Head(c, 300)!)), StringComparer.Ordinal).Take(MostChecks)]);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask LogAsync(string level, string text, CancellationToken ct)
    {
        _journal.Add("log", _node.NodeId, new JsonObject { ["level"] = level is "debug" or "info" or "warn" or "error" ? level : "info", ["text"] = Clean(Head(text, (int)Limits.LogLineBytes.Default)!) });
        return _journal.RoomAsync(ct);
    }

    public ValueTask ProgressAsync(double percent, string text, CancellationToken ct)
    {
        var here = double.IsFinite(percent) ? Math.Clamp(percent, 0, 100) : (double?)null;
        _percent = (int?)(_chunks == 0 ? here : (((_chunk - 1) * 100) + (here ?? 0)) / _chunks);
        _text = Clean(Head(text, 500)!);
        _journal.Progress(new NodeProgress(_node.Id, _percent, _text, Findings, Rejected));
        _journal.Add("node.progress", _node.NodeId, new JsonObject { ["percent"] = _percent, ["text"] = _text });
        return _journal.RoomAsync(ct);
    }

    public ValueTask ArtifactAsync(string name, string mediaType, string text, CancellationToken ct)
    {
        (Artifacts ?? throw new SecFlowException(Codes.NotGranted, $"ctx.artifact is for report plugins; '{_manifest.Id}' is of category '{_manifest.Category}'. Emit records instead."))
            .Append(name, mediaType, text);
        return ValueTask.CompletedTask;
    }

    public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct)
    {
        _journal.Add("refused", _node.NodeId, new JsonObject { ["code"] = diagnostic.Code, ["message"] = Clean(diagnostic.Message), ["remedy"] = diagnostic.Remedy });
        return _journal.RoomAsync(ct);
    }

    private bool CreatesFindings => _findingCategories.Contains(_manifest.Category, StringComparer.Ordinal);

    private async ValueTask<StagedRecord?> FindingAsync(string port, JsonNode? raw)
    {
        if (!CreatesFindings)
        {
            return await RefuseAsync(port, raw, Codes.OutputInvalid, "record.category", $"a plugin of category '{_manifest.Category}' creates no findings; only {string.Join(", ", _findingCategories)} do");
        }

        var (record, target, problem) = RecordCheck.Finding(raw, _targets);
        if (record is null)
        {
            return Reject(port, raw, problem!);
        }

        var location = record["location"]!.GetValue<string>();
        if (_scope.IsElsewhere(location))
        {
            return await RefuseAsync(port, raw, Codes.OutOfScope, "record.scope", $"out of scope: '{Head(location, 200)}' lies on none of the run's targets");
        }

        var fingerprint = Fingerprint.Of(_manifest.Id, record, _manifest.Fingerprint);
        var severity = record["severity"]!.GetValue<string>();
        if (_fingerprints.Count >= MostFindings)
        {
            LimitReached = new Diagnostic(Codes.LimitRecords, $"The node reported more than {MostFindings} findings. Narrow its targets or its checks.");
            return null;
        }

        if (!Count(port))
        {
            return null;
        }

        if (_fingerprints.Add(fingerprint))
        {
            _perSeverity[severity]++;
            _journal.Add("finding", _node.NodeId, new JsonObject
            {
                ["severity"] = severity,
                ["title"] = record["title"]!.GetValue<string>(),
                ["location"] = record["location"]!.GetValue<string>(),
                ["ruleId"] = record["ruleId"]!.GetValue<string>(),
                ["target"] = target!.Value,
                ["fingerprint"] = fingerprint,
                ["counts"] = new JsonObject(_perSeverity.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
            });
        }

        return Row(port, RecordCheck.Write(record), fingerprint, severity, null);
    }

    /// <summary>A record that the policy forbids: kept with its reason like any rejected one, and audited.</summary>
    private async ValueTask<StagedRecord> RefuseAsync(string port, JsonNode? raw, string code, string rule, string reason)
    {
        await _guard.RefuseAsync(new Diagnostic(code, Clean(reason)) { Rule = rule, Remedy = "Have a target approved for it, or correct the plugin." }, port);
        return Reject(port, raw, $"{code}: {reason}");
    }

    private async ValueTask<StagedRecord?> MarkAsync(FindingMarks marks, string port, JsonNode? raw, CancellationToken ct)
    {
        var (fingerprint, json, problem) = await marks.ReadAsync(raw, ct);
        if (json is null)
        {
            return Reject(port, raw, $"{Codes.OutputInvalid}: a plugin of category '{_manifest.Category}' {(_manifest.Category == "enrich" ? "patches" : "hides")} findings of its inputs by fingerprint: {problem}");
        }

        return Count(port) ? Row(port, json, fingerprint, null, null) : null;
    }

    private StagedRecord? Plain(string port, string type, JsonNode? raw)
    {
        _scope.Mark(type, raw);
        var (json, problem) = RecordCheck.Plain(type, raw);
        if (json is null)
        {
            return Reject(port, raw, problem!);
        }

        return Count(port) ? Row(port, json, null, null, null) : null;
    }

    /// <summary>False when the port is full: the limit is then reached.</summary>
    private bool Count(string port)
    {
        if (_perPort.GetValueOrDefault(port) >= Limits.RecordsPerDataset.Default)
        {
            LimitReached = new Diagnostic(Codes.LimitRecords, $"The node emitted more than {Limits.RecordsPerDataset.Default} records to '{port}'. Narrow its targets.");
            return false;
        }

        _perPort[port] = _perPort.GetValueOrDefault(port) + 1;
        return true;
    }

    private StagedRecord Reject(string port, JsonNode? raw, string reason)
    {
        Rejected++;
        if (Rejected > RejectedKept)
        {
            return Row("", "", null, null, reason);
        }

        var kept = Clean(Head(raw?.ToJsonString() ?? "null", 64 * 1024)!);
        _journal.Add("rejected", _node.NodeId, new JsonObject { ["port"] = Head(port, 63), ["reason"] = Head(reason, 500), ["record"] = Head(kept, 500) });
        return Row(Clean(Head(port, 63)!), kept, null, null, Clean(Head(reason, 1000)!));
    }

    private StagedRecord Row(string port, string data, string? fingerprint, string? severity, string? rejection) => new()
    {
        TeamId = _node.TeamId,
        RunId = _node.RunId,
        NodeRunId = _node.Id,
        Attempt = _node.Attempt,
        Chunk = _chunk,
        Port = port,
        Fingerprint = fingerprint,
        Severity = severity,
        Rejection = rejection,
        Data = data,
    };

    private static string? Head(string? text, int most) => text is null || text.Length <= most ? text : text[..most];

    // No database text holds NUL, and half a surrogate pair is no text.
    private static string Clean(string text) => new([.. text.Select((c, i) =>
        c == '\0' || (char.IsHighSurrogate(c) && (i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))) || (char.IsLowSurrogate(c) && (i == 0 || !char.IsHighSurrogate(text[i - 1]))) ? '\uFFFD' : c)]);
}
