using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Execution.Alerts;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Where are alerts sent, and do they arrive?</summary>
public sealed partial class WebhookPage
{
    private Webhook? _webhook;
    private IReadOnlyList<WebhookDelivery> _deliveries = [];
    private WebhookAnswer? _answer;
    private string? _key;
    private string _url = "";
    private bool _enabled = true;
    private bool _approve;
    private bool _newKey;
    private bool _busy;

    [Inject]
    public WebhookService Webhooks { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor)
    {
        _webhook = await Webhooks.FindAsync(actor, Left);
        _deliveries = await Webhooks.DeliveriesAsync(actor, Left);
        (_url, _enabled, _approve, _newKey) = (_webhook?.Url ?? _url, _webhook?.Enabled ?? true, false, false);
    }

    private async Task SaveAsync()
    {
        (_busy, _answer, _key) = (true, null, null);
        await GuardAsync(async actor =>
        {
            _key = (await Webhooks.SetAsync(actor, new WebhookWish(_url, _enabled, _approve, _newKey, _webhook?.Revision), Left)).Key;
            await LoadAsync(actor);
        });
        _busy = false;
    }

    private async Task TestAsync()
    {
        (_busy, _answer) = (true, null);
        await GuardAsync(async actor =>
        {
            _answer = await Webhooks.TestAsync(actor, Left);
            await LoadAsync(actor);
        });
        _busy = false;
    }

    private async Task RemoveAsync()
    {
        var sure = await Dialogs.Confirm("Its key and what waits to be sent are lost. Alerts still ring here.", "Remove the webhook?", new ConfirmOptions { OkButtonText = "Remove", CancelButtonText = "Keep" });
        if (sure == true)
        {
            (_answer, _key) = (null, null);
            await GuardAsync(async actor =>
            {
                await Webhooks.RemoveAsync(actor, Left);
                _url = "";
                await LoadAsync(actor);
            });
        }
    }
}
