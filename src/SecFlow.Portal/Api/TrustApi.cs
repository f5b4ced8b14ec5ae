using Microsoft.AspNetCore.Mvc;
using SecFlow.Data.Trust;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins.Review;
using SecFlow.Execution.Trust;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>A trust policy as text.</summary>
public sealed record TrustPolicyBody(string? Yaml);

/// <param name="Digest"><c>sha256:hex</c> of the file.</param>
/// <param name="Mock">Why it looks like a mock's; null when it does not.</param>
public sealed record ApiTrustRoot(string Name, string File, string Digest, bool DemoOnly, string? Mock);

/// <summary>The policy in force. Its ETag is <c>"revision"</c>.</summary>
/// <param name="Problems">Why the newest file was refused; empty when it is the one in force.</param>
/// <param name="Attention">What needs a person's attention: audit mode and its end, roots of mocks.</param>
public sealed record ApiTrustPolicy(string Revision, string Yaml, IReadOnlyList<ApiTrustRoot> Roots, IReadOnlyList<string> Rules, IReadOnlyList<string> Attention, IReadOnlyList<string> Problems);

public sealed record ApiTrustRevision(int Number, string Digest, string CreatedBy, DateTimeOffset CreatedAt)
{
    public static ApiTrustRevision Of(TrustPolicyRevision row) => new(row.Number, row.Digest, row.CreatedBy, row.CreatedAt);
}

/// <param name="Lines">Changed lines as <c>+text</c> and <c>-text</c>.</param>
public sealed record ApiTrustDifference(int From, int To, int Added, int Removed, IReadOnlyList<string> Lines);

/// <param name="Now">State under the policy in force; null for what is no package any more.</param>
/// <param name="Then">State under the policy that was tried.</param>
/// <param name="Loses">It may run now and could not any more.</param>
public sealed record ApiTriedPlugin(string Plugin, string Version, string Digest, string? Now, string? Then, bool Changes, bool Loses, string? Why)
{
    public static ApiTriedPlugin Of(TriedPlugin plugin) => new(
        plugin.Row.PluginId, plugin.Row.Version, plugin.Row.Digest, plugin.Now?.State.ToString(), plugin.Then?.State.ToString(), plugin.Changes, plugin.Loses,
        plugin.Then is { Allowed: false } then ? then.ToDiagnostic(plugin.Row.PluginId).Message : null);
}

public sealed record ApiTriedSchedule(string Team, string Schedule, DateTimeOffset First, int Firings, IReadOnlyList<string> Refusals)
{
    public static ApiTriedSchedule Of(TriedSchedule row) => new(row.Team.Slug, row.Schedule.Name, row.First, row.Firings, [.. row.Refusals.Select(r => r.ToString())]);
}

/// <param name="Schedules">Those of the next seven days that would be refused.</param>
/// <param name="Looked">How many fire in that time.</param>
public sealed record ApiTriedPolicy(IReadOnlyList<string> Problems, IReadOnlyList<ApiTriedPlugin> Plugins, IReadOnlyList<ApiTriedSchedule> Schedules, int Looked);

/// <summary>Who may sign what runs here.</summary>
public static class TrustApi
{
    public static void MapTrust(this RouteGroupBuilder api)
    {
        api.MapGet("/trust", ViewAsync).WithName("getTrustPolicy").Produces<ApiTrustPolicy>();
        api.MapPut("/trust", ReplaceAsync).WithName("replaceTrustPolicy").Produces<ApiTrustPolicy>();
        api.MapPost("/trust/try", TryAsync).WithName("tryTrustPolicy").Produces<ApiTriedPolicy>();
        api.MapGet("/trust/revisions", RevisionsAsync).WithName("listTrustRevisions").Produces<ApiPage<ApiTrustRevision>>();
        api.MapGet("/trust/revisions/{number}/difference", DifferenceAsync).WithName("compareTrustRevisions").Produces<ApiTrustDifference>();
        api.MapPost("/trust/revisions/{number}/restore", RestoreAsync).WithName("restoreTrustRevision").Produces<ApiTrustPolicy>();
        api.MapPut("/trust/roots/{name}", ReplaceRootAsync).WithName("replaceTrustRoot").Accepts<byte[]>("application/octet-stream").Produces<ApiTrustPolicy>().WithMetadata(new RequestSizeLimitAttribute(TrustAdministration.MostRootBytes));
        api.MapPut("/trust/keys/{name}", AddKeyAsync).WithName("addTrustKey").Accepts<byte[]>("application/octet-stream").Produces<AddedKey>();
        api.MapGet("/trust/additions", AdditionAsync).WithName("getTrustAdditions").Produces<TrustPolicyBody>();
        api.MapPut("/trust/additions", ReplaceAdditionAsync).WithName("replaceTrustAdditions").Produces<TrustPolicyBody>();
    }

    private static async Task<ApiTrustPolicy> ViewAsync(HttpContext context, CurrentActor actors, TrustAdministration trust, TrustPolicyService policies, TimeProvider time, CancellationToken ct) =>
        Shown(context, await trust.ViewAsync(await actors.OfRequestAsync(context, ct), ct), policies, time);

    private static async Task<ApiTrustPolicy> ReplaceAsync(TrustPolicyBody body, HttpContext context, CurrentActor actors, TrustAdministration trust, TrustPolicyService policies, TimeProvider time, CancellationToken ct) =>
        Shown(context, await trust.ReplaceAsync(await actors.OfRequestAsync(context, ct), body.Yaml ?? "", context.Request.Headers.IfMatch.ToString().Trim('"'), ct), policies, time);

    private static async Task<ApiTriedPolicy> TryAsync(TrustPolicyBody body, HttpContext context, CurrentActor actors, TrustDryRun trial, CancellationToken ct)
    {
        var tried = await trial.TryAsync(await actors.OfRequestAsync(context, ct), body.Yaml ?? "", ct);
        return new([.. tried.Problems.Select(p => p.ToString())], [.. tried.Plugins.Select(ApiTriedPlugin.Of)], [.. tried.Schedules.Select(ApiTriedSchedule.Of)], tried.Looked);
    }

    private static async Task<ApiPage<ApiTrustRevision>> RevisionsAsync(HttpContext context, CurrentActor actors, TrustAdministration trust, CancellationToken ct)
    {
        var rows = await trust.RevisionsAsync(await actors.OfRequestAsync(context, ct), ct);
        return new([.. rows.Select(ApiTrustRevision.Of)], null, rows.Count);
    }

    private static async Task<ApiTrustDifference> DifferenceAsync(string number, int? from, HttpContext context, CurrentActor actors, TrustAdministration trust, CancellationToken ct)
    {
        var to = Number(number);
        var (before, after) = await trust.DifferenceAsync(await actors.OfRequestAsync(context, ct), from ?? to - 1, to, ct);
        var lines = LineDiff.Of(before, after);
        return new(from ?? to - 1, to, lines.Added, lines.Removed, [.. lines.Lines.Where(l => l.Kind is LineKind.Added or LineKind.Removed).Select(l => (l.Kind == LineKind.Added ? "+" : "-") + l.Text)]);
    }

    private static async Task<ApiTrustPolicy> RestoreAsync(string number, HttpContext context, CurrentActor actors, TrustAdministration trust, TrustPolicyService policies, TimeProvider time, CancellationToken ct) =>
        Shown(context, await trust.RestoreAsync(await actors.OfRequestAsync(context, ct), Number(number), ct), policies, time);

    private static async Task<ApiTrustPolicy> ReplaceRootAsync(string name, bool? demoOnly, HttpContext context, CurrentActor actors, TrustAdministration trust, TrustPolicyService policies, TimeProvider time, CancellationToken ct) =>
        Shown(context, await trust.ReplaceRootAsync(await actors.OfRequestAsync(context, ct), name, await BodyAsync(context, ct), demoOnly ?? false, ct), policies, time);

    private static async Task<AddedKey> AddKeyAsync(string name, HttpContext context, CurrentActor actors, TrustAdministration trust, CancellationToken ct) =>
        await trust.AddKeyAsync(await actors.OfRequestAsync(context, ct), name, await BodyAsync(context, ct), ct);

    private static async Task<TrustPolicyBody> AdditionAsync(HttpContext context, CurrentActor actors, TrustAdministration trust, CancellationToken ct) =>
        new((await trust.AdditionAsync(await actors.OfRequestAsync(context, ct), ct))?.Yaml);

    private static async Task<TrustPolicyBody> ReplaceAdditionAsync(TrustPolicyBody body, HttpContext context, CurrentActor actors, TrustAdministration trust, CancellationToken ct) =>
        new((await trust.ReplaceAdditionAsync(await actors.OfRequestAsync(context, ct), body.Yaml ?? "", ct)).Yaml);

    private static ApiTrustPolicy Shown(HttpContext context, TrustPolicy policy, TrustPolicyService policies, TimeProvider time)
    {
        context.Response.Headers.ETag = $"\"{policy.Revision}\"";
        return new(
            policy.Revision, policy.Yaml, [.. policy.Roots.Select(r => new ApiTrustRoot(r.Name, r.File, r.Digest, r.DemoOnly, r.MockSign))], [.. policy.Rules.Select(r => r.Name)],
            TrustWords.Attention(policy, time.GetUtcNow()), [.. policies.Problems.Select(p => p.ToString())]);
    }

    /// <summary>A number that is none is that of no revision.</summary>
    private static int Number(string text) => int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : -1;

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext context, CancellationToken ct)
    {
        using var bytes = new MemoryStream();
        await context.Request.Body.CopyToAsync(bytes, ct);
        return bytes.ToArray();
    }
}
