using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Execution.Workflows.Templates;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Is the recipe right, and run it.</summary>
public sealed partial class WorkflowPage
{
    // A pause in typing; below it a person sees no delay.
    private static readonly TimeSpan TypingPause = TimeSpan.FromMilliseconds(250);

    private readonly HashSet<Guid> _chosen = [];
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);
    private readonly JsonObject _values = [];
    private Workflow? _workflow;
    private WorkflowVersion? _version;
    private IReadOnlyList<Target>? _targets;
    private IReadOnlyList<Diagnostic>? _problems;
    private Recipe? _recipe;
    private string _text = "";
    private bool _saving;
    private bool _choosing;
    private int _typed;

    [Parameter]
    public Guid? Id { get; set; }

    [SupplyParameterFromQuery(Name = "run")]
    public string? RunAsked { get; set; }

    [Inject]
    public WorkflowService Workflows { get; set; } = null!;

    [Inject]
    public TargetService Targets { get; set; } = null!;

    [Inject]
    public RunService Runs { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override object? Key => Id;

    private IReadOnlyList<RecipeParameter> Declared => _recipe?.Parameters ?? [];

    private bool Changed => _text != (_version?.Recipe ?? "");

    protected override async Task LoadAsync(Actor actor)
    {
        if (Id is { } id)
        {
            (_workflow, _version) = await Workflows.GetAsync(actor, id, Left);
            _text = _version.Recipe;
            _choosing = RunAsked == "1";
            _targets = await Targets.ListAsync(actor, Left);
            if (_targets is [var only])
            {
                _chosen.Add(only.Id);
            }
        }
        else
        {
            _text = WorkflowTemplates.All[0].Yaml;
        }

        await ValidateAsync(actor);
    }

    private async Task ValidateAsync(Actor actor)
    {
        var validation = await Workflows.ValidateAsync(actor.TeamId, _text, Left);
        (_recipe, _problems) = (validation.Recipe, validation.Problems);
    }

    private async Task UseAsync(string yaml)
    {
        // What a template gave can be had again; what was typed cannot.
        var typed = _text.Trim().Length > 0 && WorkflowTemplates.All.All(template => template.Yaml != _text);
        if (typed && await Dialogs.Confirm("What you typed is replaced and cannot be brought back.", "Use this template?", new ConfirmOptions { OkButtonText = "Replace", CancelButtonText = "Keep" }) != true)
        {
            return;
        }

        _text = yaml;
        await GuardAsync(ValidateAsync);
    }

    private async Task TypedAsync(ChangeEventArgs e)
    {
        _text = e.Value?.ToString() ?? "";
        var typed = ++_typed;
        try
        {
            await Task.Delay(TypingPause, Time, Left);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (typed == _typed)
        {
            await GuardAsync(ValidateAsync);
        }
    }

    private async Task SaveAsync()
    {
        _saving = true;
        await GuardAsync(async actor =>
        {
            var version = await Workflows.SaveAsync(actor, _text, Left);
            if (version.WorkflowId == Id)
            {
                (_workflow, _version) = await Workflows.GetAsync(actor, version.WorkflowId, Left);
            }
            else
            {
                Navigation.NavigateTo($"workflows/{version.WorkflowId}");
            }
        });
        _saving = false;
    }

    private IReadOnlyList<string> TargetTags => [.. (_targets ?? []).SelectMany(TagsOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Targets of the run as it would start now: ticked, or with a chosen tag.</summary>
    private int TargetCount => (_targets ?? []).Count(target => _chosen.Contains(target.Id) || TagsOf(target).Any(_tags.Contains));

    private static string[] TagsOf(Target target) => target.Tags.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private void ChooseTag(string tag)
    {
        if (!_tags.Remove(tag))
        {
            _tags.Add(tag);
        }
    }

    private void Choose(Guid targetId)
    {
        if (!_chosen.Remove(targetId))
        {
            _chosen.Add(targetId);
        }
    }

    private void Plan() => Navigation.NavigateTo($"workflows/{Id}/plan");

    private async Task RunAsync()
    {
        _saving = true;
        await GuardAsync(async actor =>
        {
            var run = await Runs.StartAsync(actor, new StartRun(_workflow!.Id, [.. _chosen], RunTrigger.Manual) { TargetTags = [.. _tags], Parameters = (JsonObject)_values.DeepClone() }, Left);
            Navigation.NavigateTo($"runs/{run.Id}");
        });
        _saving = false;
    }

    private static string Ports(RecipeNode node)
    {
        var inputs = string.Join(", ", node.Inputs.Values.SelectMany(names => names));
        var outputs = string.Join(", ", node.Outputs.Values);
        return $"{(inputs.Length > 0 ? inputs : "approved targets")} to {(outputs.Length > 0 ? outputs : "nothing")}{(node.ForEach is { } each ? $", {each.Chunk} records of {each.Port} at a time" : "")}{(node.When is null ? "" : $", when {node.When}")}";
    }
}
