using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Execution.Findings;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Pages;

/// <summary>One finding: what it is, what to do, why to believe it, and the decision.</summary>
public sealed partial class FindingDetails
{
    private FindingDetail? _detail;
    private IReadOnlyList<(string Name, string Text)> _evidence = [];
    private FindingStatus _status;
    private string _reason = "";
    private bool _saving;

    [Parameter]
    public Guid Id { get; set; }

    [Inject]
    public FindingService Findings { get; set; } = null!;

    [Inject]
    public NotificationService Notifications { get; set; } = null!;

    protected override object? Key => Id;

    protected override async Task LoadAsync(Actor actor)
    {
        _detail = await Findings.GetAsync(actor, Id, Left);
        _status = _detail.Finding.Status;
        _evidence = [.. Evidence(_detail.Finding.Record)];
    }

    /// <summary>Parts of the author-set record <c>{"evidence": {"request": "...", "response": "...", "match": "..."}}</c>.</summary>
    private static IEnumerable<(string Name, string Text)> Evidence(string record)
    {
        using var json = JsonDocument.Parse(record);
        if (!json.RootElement.TryGetProperty("evidence", out var evidence) || evidence.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (var part in evidence.EnumerateObject())
        {
            var text = part.Value.ValueKind == JsonValueKind.String ? part.Value.GetString() : part.Value.GetRawText();
            if (!string.IsNullOrEmpty(text))
            {
                yield return (part.Name, text);
            }
        }
    }

    private static string Word(string? value) =>
        Enum.TryParse<FindingStatus>(value, ignoreCase: true, out var status) ? StatusLook.Of(status).Word : value ?? "-";

    private async Task DecideAsync()
    {
        _saving = true;
        var saved = await GuardAsync(async actor =>
        {
            await Findings.SetStatusAsync(actor, Id, _status, _reason.Trim(), Left);
            await LoadAsync(actor);
        });
        _saving = false;
        if (saved)
        {
            _reason = "";
            Notifications.Notify(NotificationSeverity.Success, "Saved", "The decision is recorded with your name and reason.");
        }
    }
}
