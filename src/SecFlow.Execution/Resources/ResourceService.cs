using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Resources;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Resources;

/// <summary>What is imported.</summary>
/// <param name="Type">One of <see cref="ResourceUri.Types"/>.</param>
/// <param name="Name">Name within the type.</param>
/// <param name="Version">Label; null = the date of the data, or of the import, with the start of the digest.</param>
/// <param name="Origin">Name of the file, for the record.</param>
public sealed record ResourceImport(string Type, string Name, string? Version, string Origin);

/// <summary>A resource that was asked for: what it is, and a file with exactly its bytes.</summary>
public sealed record ResolvedResource(Resource Row, string Path);

/// <summary>
/// Data that plugins work with, imported by an administrator and never fetched by itself.
/// 1. A version is immutable: its bytes are a blob that is named by their digest, and compared with it before each use.
/// 2. <c>latest</c> is the newest import at the time of the call; which one it was stands in the run.
/// </summary>
public sealed partial class ResourceService(string dataFolder, ResourceStore store, BlobStore blobs, Access access, TimeProvider time)
{
    private const int MostOrigin = 300;

    /// <summary>Every import. Any role.</summary>
    public async Task<IReadOnlyList<Resource>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadPlugins, null, "resources", ct);
        return await store.ListAsync(ct);
    }

    /// <summary>Checks and stores a file. Role Admin. Throws SF1702 (form), SF1703 (size), SF1503 (the label is taken by other content).</summary>
    public async Task<Resource> ImportAsync(Actor actor, ResourceImport import, Stream content, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManagePlugins, null, $"resource/{(import.Name.Length > 100 ? import.Name[..100] : import.Name)}", ct);
        Check(import);
        var folder = Directory.CreateDirectory(Path.Combine(dataFolder, "tmp"));
        await using var file = new FileStream(
            Path.Combine(folder.FullName, "import-" + Guid.NewGuid().ToString("N")),
            new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous });
        await ResourceForm.Bounded(content, ResourceForm.MostBytes(import.Type)).CopyToAsync(file, ct);
        file.Position = 0;
        return await StoreAsync(actor, import, file, ct);
    }

    /// <summary>The newest import, or the version that is named, its bytes verified. Throws SF1701 and SF1702.</summary>
    public async Task<ResolvedResource> ResolveAsync(ResourceUri uri, CancellationToken ct)
    {
        var row = await store.FindAsync(uri.Type, uri.Name, uri.Version, ct)
            ?? throw new SecFlowException(Codes.ResourceMissing, $"{uri} is not there. An administrator imports it: `secflow resource import {uri.Type}/{uri.Name} FILE`, or on the page Resources.");
        try
        {
            return new ResolvedResource(row, await blobs.VerifiedPathAsync(row.Digest, ct));
        }
        catch (FileNotFoundException e)
        {
            throw new SecFlowException(Codes.ResourceMissing, $"{uri} ({row.Digest}) was imported, but its file is gone. Import it again under another version.", e);
        }
    }

    /// <summary>Brings the resources that are shipped with the program up to date.</summary>
    public async Task InstallBuiltinAsync(CancellationToken ct)
    {
        await using var words = typeof(ResourceService).Assembly.GetManifestResourceStream("resources/common.txt")!;
        var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(words, ct));
        if (await store.FindAsync("wordlist", "common", "builtin-" + digest[..12], ct) is not null)
        {
            return;
        }

        words.Position = 0;
        await using var file = new FileStream(
            Path.Combine(Directory.CreateDirectory(Path.Combine(dataFolder, "tmp")).FullName, "import-" + Guid.NewGuid().ToString("N")),
            new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous });
        await words.CopyToAsync(file, ct);
        file.Position = 0;
        await StoreAsync(Actor.System(name: "set-up"), new ResourceImport("wordlist", "common", "builtin-" + digest[..12], "shipped with this program"), file, ct);
    }

    private async Task<Resource> StoreAsync(Actor actor, ResourceImport import, FileStream file, CancellationToken ct)
    {
        ResourceFacts? facts = null;
        var blob = await blobs.PutAsync(async (stored, token) => facts = await ResourceForm.StoreAsync(import.Type, file, stored, token), ct);
        var day = facts!.DataDate ?? time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var resource = new Resource
        {
            Type = import.Type,
            Name = import.Name,
            Version = import.Version ?? $"{day}-{blob.Digest["sha256:".Length..][..8]}",
            Digest = blob.Digest,
            Size = blob.Size,
            Entries = facts.Entries,
            DataDate = facts.DataDate,
            Origin = Shown(import.Origin),
        };
        try
        {
            return await store.AddAsync(actor with { TeamId = Guid.Empty }, resource, ct);
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, $"{e.Message} Import it under another version.", e);
        }
    }

    private static void Check(ResourceImport import)
    {
        if (ResourceUri.TryParse($"res://{import.Type}/{import.Name}:{import.Version ?? ResourceUri.Latest}") is null || import.Version == ResourceUri.Latest)
        {
            throw new SecFlowException(
                Codes.ResourceInvalid,
                $"A resource is named TYPE/NAME with a type of {string.Join(", ", ResourceUri.Types)}, a name of a-z, 0-9, '.', '_' and '-', and a version other than 'latest'; found {Shown(import.Type)}/{Shown(import.Name)}:{Shown(import.Version ?? "")}. Choose another name.");
        }
    }

    private static string Shown(string text)
    {
        var clean = Control().Replace(text, " ");
        return clean.Length > MostOrigin ? clean[..MostOrigin] : clean;
    }

    [GeneratedRegex(@"\p{C}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Control();
}
