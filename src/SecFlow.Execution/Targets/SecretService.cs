using System.Text.RegularExpressions;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Targets;

/// <summary>Secrets of a team: set, rotated, deleted, listed by name. Nothing here gives a value back; only <see cref="SecretReader"/> does, to a plugin.</summary>
public sealed partial class SecretService(TargetSecretStore secrets, SecretProtection protection, Access access)
{
    /// <summary>Bounds of a value, in characters. A shorter one could not be taken out of logs without tearing other words apart.</summary>
    public const int LeastLength = 4;

    public const int MostLength = 8192;

    /// <summary>Names with when and by whom they were set; role Admin.</summary>
    public async Task<IReadOnlyList<TargetSecret>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageSecrets, null, "secret", ct);
        return await secrets.ListAsync(actor.TeamId, ct);
    }

    /// <summary>Sets or rotates. <paramref name="targetId"/> null = for every run of the team. Throws SF1404 with every problem at once, SF1502 for a target that is not the team's.</summary>
    public async Task<TargetSecret> SetAsync(Actor actor, Guid? targetId, string? name, string? value, CancellationToken ct)
    {
        await RequireAsync(actor, targetId, ct);
        var problems = new List<Diagnostic>();
        if (name is null || !NamePattern().IsMatch(name))
        {
            problems.Add(new Diagnostic(Codes.SecretInvalid, $"'{TargetValidation.Show(name ?? "")}' is not a name of a secret. Use small letters, digits, _ . and -, beginning with a letter, at most 63, as in permissions.secrets.") { Path = "name" });
        }

        if (value is null || value.Length is < LeastLength or > MostLength || value.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) || string.IsNullOrWhiteSpace(value))
        {
            problems.Add(new Diagnostic(Codes.SecretInvalid, $"The value has {value?.Length ?? 0} characters, is blank or holds control characters. Expected {LeastLength} to {MostLength} characters of text.") { Path = "value" });
        }

        if (problems.Count > 0)
        {
            throw new SecFlowException(problems);
        }

        try
        {
            return await secrets.SetAsync(actor, targetId, name!, protection.Protect(actor.TeamId, targetId, name!, value!), ct);
        }
        catch (ConflictException conflict)
        {
            throw new SecFlowException(Codes.Conflict, conflict.Message, conflict);
        }
    }

    /// <summary>Deletes; runs that ask for it from now on are refused.</summary>
    public async Task DeleteAsync(Actor actor, Guid? targetId, string name, CancellationToken ct)
    {
        await RequireAsync(actor, targetId, ct);
        if (!await secrets.DeleteAsync(actor, targetId, name, ct))
        {
            throw new SecFlowException(Access.NotFound("secret"));
        }
    }

    private Task RequireAsync(Actor actor, Guid? targetId, CancellationToken ct) => targetId is { } target
        ? access.RequireRowAsync(actor, Permission.ManageSecrets, "target", target, ct)
        : access.RequireAsync(actor, Permission.ManageSecrets, null, "secret", ct);

    [GeneratedRegex(@"^[a-z][a-z0-9_.-]{0,62}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();
}
