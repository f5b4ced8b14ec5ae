using Microsoft.AspNetCore.Identity;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal.Teams;

/// <summary>A person's own password. Each act takes a database context of its own: a circuit lives too long for one.</summary>
public sealed class PasswordService(IServiceScopeFactory scopes, AuditLog audit)
{
    public async Task<bool> HasAsync(Actor actor)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
        return await users.FindByIdAsync(actor.Id) is { } user && await users.HasPasswordAsync(user);
    }

    /// <summary>Sets the first password, or changes it. Throws SF1501 with every rule that it breaks.</summary>
    public async Task SetAsync(Actor actor, string current, string replacement, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
        var user = await users.FindByIdAsync(actor.Id) ?? throw new SecFlowException(Codes.NotFound, "This user does not exist any more.");
        var result = await users.HasPasswordAsync(user) ? await users.ChangePasswordAsync(user, current, replacement) : await users.AddPasswordAsync(user, replacement);
        if (!result.Succeeded)
        {
            throw new SecFlowException([.. result.Errors.Select(e => new Diagnostic(Codes.RequestInvalid, e.Description))]);
        }

        await audit.AppendAsync(new AuditEntry(actor, "change.password", "user", actor.Id, actor.Name), ct);
    }
}
