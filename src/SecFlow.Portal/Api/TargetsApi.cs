using Microsoft.AspNetCore.Mvc;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>A target as the API shows it. Its ETag is <c>"revision"</c>.</summary>
public sealed record ApiTarget(
    Guid Id, string Name, TargetKind Kind, string Value, string? ApprovedAddress, string Ports, string Tags, string Owner, string AuthorisedBy, string AuthorisationReference, DateTimeOffset AuthorisedFrom,
    DateTimeOffset? AuthorisedUntil, Intrusiveness MaxIntrusiveness, int RequestsPerSecond, string UserAgent, IReadOnlyList<string> Windows, int Revision, DateTimeOffset? ArchivedAt)
{
    public static ApiTarget Of(Target t) => new(
        t.Id, t.Name, t.Kind, t.Value, t.ApprovedAddress, t.Ports, t.Tags, t.Owner, t.AuthorisedBy, t.AuthorisationReference, t.AuthorisedFrom,
        t.AuthorisedUntil, t.MaxIntrusiveness, t.RequestsPerSecond, t.UserAgent, t.Windows.Split('\n', StringSplitOptions.RemoveEmptyEntries), t.Revision, t.ArchivedAt);
}

/// <summary>
/// Body of a new target, and of a change, which replaces all of it: a member that is left out is as for a new one.
/// <see cref="Authorise"/>: a change that widens is authorised now, under the reference.
/// </summary>
public sealed record TargetBody(
    string? Name, TargetKind? Kind, string? Value, string? AuthorisationReference, DateTimeOffset? AuthorisedFrom, DateTimeOffset? AuthorisedUntil, string? Ports, string? Tags, string? Owner,
    Intrusiveness? MaxIntrusiveness, int? RequestsPerSecond, string? UserAgent, IReadOnlyList<string>? Windows, bool? PrivateAddressApproved, bool? Authorise)
{
    public NewTarget ToTarget()
    {
        var problems = new List<Diagnostic>();
        foreach (var (name, missing) in new[] { ("name", Name is null), ("kind", Kind is null), ("value", Value is null), ("authorisationReference", AuthorisationReference is null) }.Where(member => member.Item2))
        {
            _ = missing;
            problems.Add(new Diagnostic(Codes.TargetInvalid, $"{name} is missing.") { Path = "$." + name });
        }

        return problems.Count > 0
            ? throw new SecFlowException(problems)
            : new NewTarget(Name!, Kind!.Value, Value!, AuthorisationReference!, AuthorisedUntil)
            {
                AuthorisedFrom = AuthorisedFrom,
                Ports = Ports ?? "",
                Tags = Tags ?? "",
                Owner = Owner ?? "",
                MaxIntrusiveness = MaxIntrusiveness ?? Intrusiveness.Safe,
                RequestsPerSecond = RequestsPerSecond ?? 10,
                UserAgent = UserAgent ?? "",
                Windows = string.Join('\n', (Windows ?? []).Take(TargetWindows.MostRules + 1)),
                PrivateAddressApproved = PrivateAddressApproved ?? false,
            };
    }
}

public sealed record ApiImportLine(int Line, string Name, string Kind, string Value, string Reference, ImportState State, string? Of);

public sealed record ApiProblem(string Code, string Message, int? Line, int? Column, string? Path);

/// <summary>What an import would do; <see cref="Digest"/> confirms it.</summary>
public sealed record ApiImport(string Digest, bool Ready, int New, int Duplicates, IReadOnlyList<ApiImportLine> Lines, IReadOnlyList<ApiProblem> Problems);

/// <summary>A secret without its value, which nothing gives back.</summary>
public sealed record ApiSecret(string Name, Guid? TargetId, DateTimeOffset SetAt, string SetBy, int Revision);

public sealed record SecretBody(string? Value);

/// <summary>What may be touched: list, read, add, change, archive, import, upload, secrets.</summary>
public static class TargetsApi
{
    private const string Csv = "text/csv";

    public static void MapTargets(this RouteGroupBuilder api)
    {
        api.MapGet("/targets", ListAsync).WithName("listTargets").Produces<ApiPage<ApiTarget>>();
        api.MapPost("/targets", AddAsync).WithName("addTarget").Produces<ApiTarget>(StatusCodes.Status201Created);
        api.MapGet("/targets/{id:guid}", GetAsync).WithName("getTarget").Produces<ApiTarget>();
        api.MapPut("/targets/{id:guid}", EditAsync).WithName("editTarget").Produces<ApiTarget>();
        api.MapPost("/targets/{id:guid}/archive", ArchiveAsync).WithName("archiveTarget").Produces(StatusCodes.Status204NoContent);
        api.MapPost("/targets/import", ImportAsync).WithName("importTargets").WithMetadata(new RequestSizeLimitAttribute(2 * TargetImport.MostBytes)).Produces<ApiImport>().Produces<ApiPage<ApiTarget>>(StatusCodes.Status201Created);
        api.MapPost("/targets/archives", UploadAsync).WithName("uploadTargetArchive").WithMetadata(new RequestSizeLimitAttribute(TargetArchives.MostUploadBytes + 1024)).Produces<UploadedArchive>(StatusCodes.Status201Created);
        api.MapGet("/secrets", ListSecretsAsync).WithName("listSecrets").Produces<ApiPage<ApiSecret>>();
        api.MapPut("/secrets/{name}", SetSecretAsync).WithName("setSecret").Produces<ApiSecret>();
        api.MapDelete("/secrets/{name}", DeleteSecretAsync).WithName("deleteSecret").Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<ApiPage<ApiTarget>> ListAsync(string? tag, HttpContext context, CurrentActor actors, TargetService targets, CancellationToken ct)
    {
        var rows = await targets.ListAsync(await actors.OfRequestAsync(context, ct), ct);
        var shown = rows.Where(row => tag is null || row.Tags.Split(' ').Contains(tag, StringComparer.Ordinal)).Select(ApiTarget.Of).ToList();
        return new(shown, null, shown.Count);
    }

    private static async Task<IResult> GetAsync(Guid id, HttpContext context, CurrentActor actors, TargetService targets, CancellationToken ct) =>
        Results.Ok(Tagged(context, await targets.GetAsync(await actors.OfRequestAsync(context, ct), id, ct)));

    private static async Task<IResult> AddAsync(TargetBody body, HttpContext context, CurrentActor actors, TargetService targets, Access access, CancellationToken ct)
    {
        // Before the body is judged: who may not add learns nothing else.
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireAsync(actor, Permission.EditTargets, null, "target", ct);
        var row = await targets.AddAsync(actor, body.ToTarget(), ct);
        return Results.Created($"/api/v1/targets/{row.Id}", Tagged(context, row));
    }

    private static async Task<IResult> EditAsync(Guid id, TargetBody body, HttpContext context, CurrentActor actors, TargetService targets, Access access, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireRowAsync(actor, Permission.EditTargets, "target", id, ct);
        var edit = new TargetEdit(body.ToTarget(), ETags.Required(context, "target", Codes.TargetChanged), body.Authorise ?? false);
        return Results.Ok(Tagged(context, await targets.EditAsync(actor, id, edit, ct)));
    }

    private static async Task<IResult> ArchiveAsync(Guid id, HttpContext context, CurrentActor actors, TargetService targets, CancellationToken ct)
    {
        await targets.ArchiveAsync(await actors.OfRequestAsync(context, ct), id, ct);
        return Results.NoContent();
    }

    /// <summary>Body: the CSV file. Without <paramref name="confirm"/> a preview; with the digest of the preview the targets are stored.</summary>
    private static async Task<IResult> ImportAsync(string? confirm, HttpContext context, CurrentActor actors, TargetImport import, Access access, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireAsync(actor, Permission.EditTargets, null, "target", ct);
        RequireType(context, Csv, "text/plain");
        var file = await TargetImport.ReadAsync(context.Request.Body, ct);
        if (confirm is not null)
        {
            var rows = await import.ConfirmAsync(actor, file, confirm, ct);
            return Results.Json(new ApiPage<ApiTarget>([.. rows.Select(ApiTarget.Of)], null, rows.Count), statusCode: StatusCodes.Status201Created);
        }

        var preview = await import.PreviewAsync(actor, file, ct);
        return Results.Ok(new ApiImport(
            preview.Digest, preview.Ready, preview.New, preview.Duplicates,
            [.. preview.Lines.Select(l => new ApiImportLine(l.Line, l.Name, l.Kind, l.Value, l.Reference, l.State, l.Of))],
            [.. preview.Problems.Select(p => new ApiProblem(p.Code, p.Message, p.Line, p.Column, p.Path))]));
    }

    /// <summary>Body: a zip or tar.gz file. Answers the value that a target of kind folder takes.</summary>
    private static async Task<IResult> UploadAsync(HttpContext context, CurrentActor actors, TargetArchives archives, Access access, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireAsync(actor, Permission.EditTargets, null, "archive", ct);
        RequireType(context, "application/zip", "application/gzip", "application/x-gzip", "application/octet-stream");
        return Results.Json(await archives.UploadAsync(actor, context.Request.Body, ct), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<ApiPage<ApiSecret>> ListSecretsAsync(Guid? targetId, HttpContext context, CurrentActor actors, SecretService secrets, CancellationToken ct)
    {
        var rows = await secrets.ListAsync(await actors.OfRequestAsync(context, ct), ct);
        var shown = rows.Where(row => targetId is null || row.TargetId == targetId).Select(Shown).ToList();
        return new(shown, null, shown.Count);
    }

    private static async Task<ApiSecret> SetSecretAsync(string name, Guid? targetId, SecretBody body, HttpContext context, CurrentActor actors, SecretService secrets, CancellationToken ct) =>
        Shown(await secrets.SetAsync(await actors.OfRequestAsync(context, ct), targetId, name, body.Value, ct));

    private static async Task<IResult> DeleteSecretAsync(string name, Guid? targetId, HttpContext context, CurrentActor actors, SecretService secrets, CancellationToken ct)
    {
        await secrets.DeleteAsync(await actors.OfRequestAsync(context, ct), targetId, name, ct);
        return Results.NoContent();
    }

    private static ApiSecret Shown(TargetSecret row) => new(row.Name, row.TargetId, row.SetAt, row.SetBy, row.Revision);

    private static ApiTarget Tagged(HttpContext context, Target row)
    {
        ETags.Set(context, row.Revision);
        return ApiTarget.Of(row);
    }

    private static void RequireType(HttpContext context, params string[] types)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim();
        if (type is null || !types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            throw new BadHttpRequestException($"Content type {string.Join(" or ", types)} was expected.", StatusCodes.Status415UnsupportedMediaType);
        }
    }
}
