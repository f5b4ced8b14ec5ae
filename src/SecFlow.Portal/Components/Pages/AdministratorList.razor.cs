using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Who decides what concerns every team?</summary>
public sealed partial class AdministratorList
{
    private IReadOnlyList<InstallationUser>? _users;
    private bool _busy;

    [Inject]
    public AdministratorService Administrators { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor) => _users = await Administrators.ListAsync(actor, Left);

    private static string About(InstallationUser user) =>
        (user.Teams.Count == 0 ? "in no team" : "in " + string.Join(", ", user.Teams)) + (user.LastSignInAt is null ? ", has never signed in" : "");

    private Task AppointAsync(InstallationUser user) => ActAsync(
        user, true, $"{user.Name} may then accept tools, stop and resume the work of every team, and appoint and remove administrators.", "Make this person an administrator?", "Make administrator");

    private Task RemoveAsync(InstallationUser user) => ActAsync(
        user, false, $"{user.Name} keeps the roles in teams. Tokens of {user.Name} that act for the installation are revoked.", "Remove this administrator?", "Remove");

    private async Task ActAsync(InstallationUser user, bool administers, string text, string title, string yes)
    {
        if (await Dialogs.Confirm(text, title, new ConfirmOptions { OkButtonText = yes, CancelButtonText = "Leave it" }) != true)
        {
            return;
        }

        _busy = true;
        await GuardAsync(actor => Administrators.SetAsync(actor, user.Id, administers, Left));
        await ReadAsync();
        _busy = false;
    }
}
