using System.Text;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Schedules;
using SecFlow.Data.Teams;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Trust;

/// <summary>What a policy would make of an installed version.</summary>
/// <param name="Now">Under the policy in force; null when its folder holds no package any more.</param>
/// <param name="Then">Under the policy that is tried.</param>
public sealed record TriedPlugin(PluginVersion Row, TrustVerdict? Now, TrustVerdict? Then)
{
    /// <summary>Whether the answer would be another one.</summary>
    public bool Changes => Now?.State != Then?.State || Now?.Allowed != Then?.Allowed || Now?.Rule != Then?.Rule;

    /// <summary>It may run now and could not any more.</summary>
    public bool Loses => Now?.Allowed == true && Then?.Allowed != true;
}

/// <summary>A schedule that fires in the next seven days and would be refused.</summary>
/// <param name="Firings">How often in that time.</param>
/// <param name="Refusals">Each plugin that would be refused, and why.</param>
public sealed record TriedSchedule(Team Team, Schedule Schedule, DateTimeOffset First, int Firings, IReadOnlyList<Diagnostic> Refusals);

/// <param name="Problems">Why the policy could not be put in force; empty when it could.</param>
/// <param name="Plugins">Every version that is known and not rejected or revoked.</param>
/// <param name="Schedules">Those that would be refused.</param>
/// <param name="Looked">Schedules that fire in the next seven days.</param>
public sealed record TriedPolicy(IReadOnlyList<Diagnostic> Problems, IReadOnlyList<TriedPlugin> Plugins, IReadOnlyList<TriedSchedule> Schedules, int Looked);

/// <summary>What a policy would do to the installed plugins and to next week's schedules. Nothing is changed, nothing is audited.</summary>
public sealed class TrustDryRun(
    string dataFolder, TrustPolicyService policies, PluginRegistry registry, ScheduleStore schedules, WorkflowStore workflows, WorkflowService recipes, TeamStore teams, Access access, TimeProvider time)
{
    private const int MostFirings = 10_000;

    private static readonly TimeSpan _ahead = TimeSpan.FromDays(7);

    /// <summary>Tries a policy's text. Role: administrator of the installation, since it tells about every team.</summary>
    public async Task<TriedPolicy> TryAsync(Actor actor, string yaml, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageTrust, null, "trust-policy", ct);
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(yaml), dataFolder);
        if (reading.Policy is not { } candidate)
        {
            return new TriedPolicy(reading.Problems, [], [], 0);
        }

        var packages = new Dictionary<string, (PluginVersion Row, PluginPackage? Package)>(StringComparer.Ordinal);
        var plugins = new List<TriedPlugin>();
        foreach (var plugin in (await registry.ListAsync(ct)).Where(p => p.Row.State is not (PluginState.Rejected or PluginState.Revoked)))
        {
            var package = Read(plugin.Row);
            packages[plugin.Row.Digest] = (plugin.Row, package);
            plugins.Add(new TriedPlugin(
                plugin.Row,
                package is null ? null : await policies.VerifyAsync(package, plugin.Row.PluginId, Guid.Empty, ct),
                package is null ? null : PluginVerifier.Verify(package, plugin.Row.PluginId, candidate, null, time.GetUtcNow())));
        }

        var (looked, refused) = await SchedulesAsync(candidate, packages, ct);
        return new TriedPolicy([], [.. plugins.OrderByDescending(p => p.Loses).ThenByDescending(p => p.Changes).ThenBy(p => p.Row.PluginId, StringComparer.Ordinal)], refused, looked);
    }

    private async Task<(int Looked, IReadOnlyList<TriedSchedule> Refused)> SchedulesAsync(TrustPolicy candidate, Dictionary<string, (PluginVersion Row, PluginPackage? Package)> packages, CancellationToken ct)
    {
        var (now, looked, refused) = (time.GetUtcNow(), 0, new List<TriedSchedule>());
        foreach (var schedule in await schedules.ListEnabledAsync(ct))
        {
            var firings = ScheduleRule.Of(schedule).Next(now, MostFirings).TakeWhile(t => t <= now + _ahead).ToList();
            if (firings.Count == 0 || await teams.FindAsync(schedule.TeamId, ct) is not { } team)
            {
                continue;
            }

            looked++;
            var refusals = await RefusalsAsync(schedule, team, candidate, packages, ct);
            if (refusals.Count > 0)
            {
                refused.Add(new TriedSchedule(team, schedule, firings[0], firings.Count, refusals));
            }
        }

        return (looked, [.. refused.OrderBy(s => s.First)]);
    }

    private async Task<IReadOnlyList<Diagnostic>> RefusalsAsync(
        Schedule schedule, Team team, TrustPolicy candidate, Dictionary<string, (PluginVersion Row, PluginPackage? Package)> packages, CancellationToken ct)
    {
        if (await workflows.FindCurrentVersionAsync(schedule.TeamId, schedule.WorkflowId, ct) is not { } version)
        {
            return [];
        }

        var validation = await recipes.ValidateAsync(schedule.TeamId, version.Recipe, ct);
        if (validation.Recipe is not { } recipe)
        {
            return validation.Problems;
        }

        var policy = await policies.ForTeamAsync(candidate, schedule.TeamId, ct);
        return [.. recipe.Nodes.Select(n => n.PluginDigest).Distinct(StringComparer.Ordinal).Select(digest => packages.GetValueOrDefault(digest)).Where(p => p.Package is not null)
            .Select(p => (p.Row, Verdict: PluginVerifier.Verify(p.Package!, p.Row.PluginId, policy, team.Slug, time.GetUtcNow())))
            .Where(p => !p.Verdict.Allowed).Select(p => p.Verdict.ToDiagnostic($"{p.Row.PluginId} {p.Row.Version}"))];
    }

    private PluginPackage? Read(PluginVersion row)
    {
        try
        {
            return PluginPackage.ReadFolder(registry.FolderOf(row));
        }
        catch (SecFlowException)
        {
            // no package any more: neither policy can make anything of it, and the plugin's own page says so
            return null;
        }
    }
}
