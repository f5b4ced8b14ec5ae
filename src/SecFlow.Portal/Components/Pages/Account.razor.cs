using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>The person's password and the team's API tokens.</summary>
public sealed partial class Account
{
    private readonly HashSet<string> _scopes = new(StringComparer.Ordinal) { Permission.ReadRuns.Scope, Permission.StartRuns.Scope, Permission.ReadFindings.Scope };
    private IReadOnlyList<ApiToken>? _tokens;
    private bool _hasPassword;
    private string _current = "";
    private string _new = "";
    private string _name = "";
    private TeamRole _role = TeamRole.Analyst;
    private int _days = 90;
    private string? _text;
    private bool _adding;
    private bool _saving;

    [Inject]
    public PasswordService Passwords { get; set; } = null!;

    [Inject]
    public TokenStore Tokens { get; set; } = null!;

    [Inject]
    public Access Access { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    [Inject]
    public NotificationService Notifications { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor)
    {
        _hasPassword = await Passwords.HasAsync(actor);
        if (May(Permission.ManageTokens))
        {
            _tokens = await Tokens.ListAsync(actor.TeamId, Left);
        }
    }

    private void Toggle(string scope)
    {
        if (!_scopes.Remove(scope))
        {
            _scopes.Add(scope);
        }
    }

    private async Task ChangePasswordAsync()
    {
        _saving = true;
        var changed = await GuardAsync(async actor =>
        {
            await Passwords.SetAsync(actor, _current, _new, Left);
            await LoadAsync(actor);
        });
        (_current, _new, _saving) = ("", "", false);
        if (changed)
        {
            Notifications.Notify(NotificationSeverity.Success, "Saved", "The new password counts from now on. Sign in again where you are asked to.");
        }
    }

    private async Task CreateAsync()
    {
        _saving = true;
        _text = null;
        var created = await GuardAsync(async actor =>
        {
            await Access.RequireAsync(actor, Permission.ManageTokens, null, "tokens", Left);
            if (string.IsNullOrWhiteSpace(_name) || _scopes.Count == 0)
            {
                throw new SecFlowException(Codes.RequestInvalid, "A token needs a name and at least one scope.");
            }

            (_, _text) = await Tokens.CreateAsync(actor, new NewToken(_name.Trim(), [.. _scopes.Order(StringComparer.Ordinal)], _role, Time.GetUtcNow().AddDays(_days)), Left);
            await LoadAsync(actor);
        });
        if (created)
        {
            (_adding, _name) = (false, "");
        }

        _saving = false;
    }

    private async Task RevokeAsync(ApiToken token)
    {
        var sure = await Dialogs.Confirm($"Programs that use '{token.Name}' are refused at once.", "Revoke this token?", new ConfirmOptions { OkButtonText = "Revoke", CancelButtonText = "Keep" });
        if (sure == true)
        {
            await GuardAsync(async actor =>
            {
                await Access.RequireAsync(actor, Permission.ManageTokens, null, "token/" + token.Id, Left);
                await Tokens.RevokeAsync(actor, token.Id, Left);
                await LoadAsync(actor);
            });
        }
    }
}
