using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Trust;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins.Review;
using SecFlow.Execution.Trust;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Who may sign what runs here?</summary>
public sealed partial class TrustPage
{
    private const int Shown = 30;

    private const int MostKeyBytes = 8 * 1024;

    private const string Example = """
        apiVersion: secflow/v1
        kind: PluginTrustPolicy
        spec:
          rules: [ ... ]
        """;

    private TrustPolicy? _policy;
    private IReadOnlyList<TrustPolicyRevision> _revisions = [];
    private IReadOnlyList<Diagnostic>? _problems;
    private TriedPolicy? _tried;
    private AddedKey? _added;
    private string _text = "";
    private string _additions = "";
    private string _rootName = "public";
    private string _keyName = "";
    private string? _done;
    private IBrowserFile? _rootFile;
    private IBrowserFile? _keyFile;
    private bool _demoOnly;
    private bool _busy;
    private int _shown;

    [Inject]
    public TrustAdministration Trust { get; set; } = null!;

    [Inject]
    public TrustDryRun Trial { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    /// <summary>Digest of an Untrusted version whose proposed rule is put into the text.</summary>
    [Parameter, SupplyParameterFromQuery(Name = "add")]
    public string? Add { get; set; }

    protected override object? Key => Add;

    private bool Changed => _policy is not null && _text != _policy.Yaml;

    private int LineCount => Math.Max(10, _text.Split('\n').Length + 1);

    protected override async Task LoadAsync(Actor actor)
    {
        _policy = await Trust.ViewAsync(actor, Left);
        _revisions = await Trust.RevisionsAsync(actor, Left);
        _additions = (await Trust.AdditionAsync(actor, Left))?.Yaml ?? "";
        (_text, _problems, _tried) = (_policy.Yaml, null, null);
        if (Add is { Length: > 0 } digest && await Trust.ProposeAsync(actor, digest, Left) is { } proposed)
        {
            (_text, _done) = (proposed, "The rule that the package would need is in the text below. Look at it, try it, put it in force.");
        }
    }

    private async Task TypedAsync(ChangeEventArgs e)
    {
        (_text, _tried, _done) = (e.Value?.ToString() ?? "", null, null);
        await GuardAsync(async actor => _problems = (await Trust.ReadAsync(actor, _text, Left)).Problems);
    }

    private void Discard() => (_text, _problems, _tried, _done) = (_policy!.Yaml, null, null, null);

    private Task TryAsync() => ActAsync(null, async actor =>
    {
        var tried = await Trial.TryAsync(actor, _text, Left);
        (_problems, _tried) = (tried.Problems, tried.Problems.Count > 0 ? null : tried);
    });

    private Task ReplaceAsync() => ActAsync("The policy is in force.", async actor =>
    {
        await Trust.ReplaceAsync(actor, _text, _policy!.Revision, Left);
        await ReloadAsync(actor);
    });

    private async Task RestoreAsync(TrustPolicyRevision revision)
    {
        if (await Dialogs.Confirm($"Revision {revision.Number} of {Marks.Words.Exact(revision.CreatedAt)} is put in force as a new one. Plugins that it does not trust stop at once.", "Put it in force again?", new ConfirmOptions { OkButtonText = "Put in force", CancelButtonText = "Leave it" }) == true)
        {
            await ActAsync($"Revision {revision.Number} is in force again.", async actor =>
            {
                await Trust.RestoreAsync(actor, revision.Number, Left);
                await ReloadAsync(actor);
            });
        }
    }

    private Task ReplaceRootAsync() => ActAsync("The trust root is in force.", async actor =>
    {
        await Trust.ReplaceRootAsync(actor, _rootName.Trim(), await ReadAsync(_rootFile!, TrustAdministration.MostRootBytes), _demoOnly, Left);
        await ReloadAsync(actor);
    });

    private Task AddKeyAsync() => ActAsync("The key is kept; nothing trusts it until a rule says so.", async actor =>
        _added = await Trust.AddKeyAsync(actor, _keyName.Trim(), await ReadAsync(_keyFile!, MostKeyBytes), Left));

    private Task ReplaceAdditionsAsync() => ActAsync("The additions are in force for this team.", actor => Trust.ReplaceAdditionAsync(actor, _additions, Left));

    private async Task<ReadOnlyMemory<byte>> ReadAsync(IBrowserFile chosen, int most)
    {
        if (chosen.Size > most)
        {
            throw new SecFlowException(Codes.RequestTooLarge, $"The file has {chosen.Size} bytes; at most {most} are read.");
        }

        await using var content = chosen.OpenReadStream(most, Left);
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, Left);
        return bytes.ToArray();
    }

    /// <summary>As it is now, without a proposal that was taken.</summary>
    private async Task ReloadAsync(Actor actor)
    {
        Add = null;
        await LoadAsync(actor);
    }

    private LineDiff Difference(TrustPolicyRevision revision) =>
        LineDiff.Of(_revisions.FirstOrDefault(r => r.Number == revision.Number - 1)?.Yaml ?? "", revision.Yaml);

    private async Task ActAsync(string? done, Func<Actor, Task> act)
    {
        (_busy, _done) = (true, null);
        if (await GuardAsync(act))
        {
            _done = done;
        }

        _busy = false;
    }
}
