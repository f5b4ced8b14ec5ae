using System.IO.Compression;
using System.Text;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Resources;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Teams;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Resources;

public sealed class ResourceServiceTests
{
    private const string Epss = "#model_version:v2025.03.14,score_date:2026-03-04T00:00:00+0000\ncve,epss,percentile\nCVE-1999-0001,0.03351,0.88255\n";
    private const string Kev = """{"catalogVersion":"2026.01.02","dateReleased":"2026-01-02T03:04:05Z","vulnerabilities":[{"cveID":"CVE-2021-44228","references":[{"id":"CVE-1"}]},{"cveID":"CVE-2021-44229"}]}""";
    private const string Nvd = """{"format":"NVD_CVE","version":"2.0","timestamp":"2026-02-03T04:05:06.789","vulnerabilities":[{"cve":{"id":"CVE-2021-44228"}},{"cve":{"id":"CVE-2021-44229","x":[{"id":"CVE-2021-1111"}]}}]}""";

    private static readonly Actor Admin = new(ActorKind.User, "admin", "admin", Guid.Empty, TeamRole.Admin) { OfInstallation = true };

    [DatabaseData]
    public async Task Wordlist_Imported_IsNormalisedNamedByItsContentAndAudited(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var (service, store) = Service(test);
        var row = await ImportAsync(service, "wordlist", "mine", "\uFEFF# mine\r\nadmin\r\n\r\nlogin\r\n");
        (row.Entries, row.DataDate, row.Origin).ShouldBe((2, null, "mine.txt"));
        row.Version.ShouldEndWith("-" + row.Digest["sha256:".Length..][..8]);
        (await File.ReadAllTextAsync((await service.ResolveAsync(ResourceUri.Parse("res://wordlist/mine:latest"), CancellationToken.None)).Path)).ShouldBe("# mine\nadmin\nlogin\n");

        (await ImportAsync(service, "wordlist", "mine", "# mine\nadmin\nlogin\n")).Id.ShouldBe(row.Id, "the same bytes under the same label");
        ((TestTime)test.Database.Time).Advance(TimeSpan.FromMinutes(1));
        var next = await ImportAsync(service, "wordlist", "mine", "other\n", "v2");
        (await service.ResolveAsync(ResourceUri.Parse("res://wordlist/mine"), CancellationToken.None)).Row.Version.ShouldBe("v2");
        (await service.ResolveAsync(ResourceUri.Parse($"res://wordlist/mine:{row.Version}"), CancellationToken.None)).Row.Digest.ShouldBe(row.Digest);
        (await ShouldFailAsync(() => ImportAsync(service, "wordlist", "mine", "third\n", "v2"))).ShouldBe(Codes.Conflict);
        (await store.ListAsync()).Select(r => r.Version).ShouldBe([next.Version, row.Version]);
    }

    [Fact]
    public async Task Builtin_IsThereOnceAndHoldsAFewHundredWords()
    {
        await using var test = await TestDatabase.CreateAsync();
        var (service, store) = Service(test);
        await service.InstallBuiltinAsync(CancellationToken.None);
        await service.InstallBuiltinAsync(CancellationToken.None);
        var row = (await store.ListAsync()).ShouldHaveSingleItem();
        (row.Type, row.Name).ShouldBe(("wordlist", "common"));
        row.Entries.ShouldBeInRange(300, 1000);
    }

    [Theory]
    [InlineData(Epss, 1, "2026-03-04")]
    [InlineData(Kev, 2, "2026-01-02")]
    [InlineData(Nvd, 2, "2026-02-03")]
    [InlineData("\uFEFF{\"id\":\"CVE-2021-44228\",\"lastModified\":\"2025-01-02T00:00:00\",\"references\":[{\"id\":\"CVE-2021-1111\"}]}", 1, "2025-01-02")]
    public async Task CveData_PlainOrGzipped_IsRecognisedByWhatItHolds(string text, long entries, string date)
    {
        await using var test = await TestDatabase.CreateAsync();
        var (service, _) = Service(test);
        var plain = await ImportAsync(service, "cve", "plain", text);
        (plain.Entries, plain.DataDate).ShouldBe((entries, date));
        plain.Version.ShouldStartWith(date);
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(text));
        }

        packed.Position = 0;
        (await service.ImportAsync(Admin, new ResourceImport("cve", "packed", null, "x.gz"), packed, CancellationToken.None)).Digest.ShouldBe(plain.Digest);
    }

    [Fact]
    public async Task CveData_ZipOfOneFilePerCve_BecomesOneSet()
    {
        await using var test = await TestDatabase.CreateAsync();
        var (service, _) = Service(test);
        var zip = Zip(("CVE-2021/CVE-2021-1000.json", """{"id":"CVE-2021-1000","lastModified":"2024-05-06T00:00:00"}"""), ("CVE-2021/CVE-2021-1001.json", """{"id":"CVE-2021-1001","lastModified":"2025-05-06T00:00:00"}"""), ("_meta.json", "{}"));
        var row = await service.ImportAsync(Admin, new ResourceImport("cve", "nvd", null, "nvd.zip"), zip, CancellationToken.None);
        (row.Entries, row.DataDate).ShouldBe((2, "2025-05-06"));
        var text = await File.ReadAllTextAsync((await service.ResolveAsync(ResourceUri.Parse("res://cve/nvd"), CancellationToken.None)).Path);
        var json = System.Text.Json.Nodes.JsonNode.Parse(text)!;
        json["vulnerabilities"]!.AsArray().Select(v => (string)v!["cve"]!["id"]!).ShouldBe(["CVE-2021-1000", "CVE-2021-1001"]);
        ((string)json["timestamp"]!).ShouldStartWith("2025-05-06");
    }

    [Theory]
    [InlineData("wordlist", "a", "")]
    [InlineData("wordlist", "a", "# only a comment\n")]
    [InlineData("wordlist", "a", "a\u0000b\n")]
    [InlineData("cve", "a", "hello")]
    [InlineData("cve", "a", "{\"vulnerabilities\":[]}")]
    [InlineData("cve", "a", "{\"vulnerabilities\":[{\"cveID\":\"CVE-2021-1")]
    [InlineData("cve", "a", "{\"CVE_Items\":[{\"id\":\"CVE-2021-44228\"}]}")]
    [InlineData("cve", "a", "cve,epss,percentile\nCVE-2021-44228,2,0.5\n")]
    [InlineData("cve", "a", "cve,epss,percentile\n")]
    [InlineData("templates", "a", "id x\n")]
    [InlineData("other", "a", "x\n")]
    [InlineData("wordlist", "../a", "x\n")]
    [InlineData("wordlist", "A", "x\n")]
    public async Task File_ThatIsNotWhatItShouldBe_IsRefusedAndNothingIsStored(string type, string name, string content)
    {
        await using var test = await TestDatabase.CreateAsync();
        var (service, store) = Service(test);
        (await ShouldFailAsync(() => ImportAsync(service, type, name, content))).ShouldBe(Codes.ResourceInvalid);
        (await store.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Wordlist_LineWithoutEndOrBomb_IsRefusedWithinItsBounds()
    {
        await using var test = await TestDatabase.CreateAsync();
        var (service, _) = Service(test);
        (await ShouldFailAsync(() => ImportAsync(service, "wordlist", "a", new string('x', 5000)))).ShouldBe(Codes.ResourceInvalid);

        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var line = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(new string('a', 999) + "\n", 1024)));
            for (var i = 0; i < 66; i++)
            {
                await gzip.WriteAsync(line);
            }
        }

        bomb.Position = 0;
        bomb.Length.ShouldBeLessThan(1024 * 1024);
        (await ShouldFailAsync(() => service.ImportAsync(Admin, new ResourceImport("wordlist", "bomb", null, "x"), bomb, CancellationToken.None))).ShouldBe(Codes.ResourceTooLarge);
    }

    [Fact]
    public async Task Templates_OneFile_IsTaken()
    {
        await using var test = await TestDatabase.CreateAsync();
        var (service, _) = Service(test);
        (await ImportAsync(service, "templates", "mine", "id: mine\n\ninfo:\n  name: Mine\n")).Entries.ShouldBe(1);
    }

    [Fact]
    public async Task Resource_NotThere_ChangedOrAskedByAnAnalyst_IsRefused()
    {
        await using var test = await TestDatabase.CreateAsync();
        var (service, _) = Service(test);
        (await ShouldFailAsync(() => service.ResolveAsync(ResourceUri.Parse("res://wordlist/none"), CancellationToken.None))).ShouldBe(Codes.ResourceMissing);
        (await ShouldFailAsync(() => ImportAsync(service, "wordlist", "a", "x\n", actor: Admin with { Role = TeamRole.Analyst, OfInstallation = false }))).ShouldStartWith("SF30");

        await ImportAsync(service, "wordlist", "a", "x\n");
        var path = (await service.ResolveAsync(ResourceUri.Parse("res://wordlist/a"), CancellationToken.None)).Path;
        await File.WriteAllTextAsync(path, "y\n");
        await Should.ThrowAsync<BlobDamagedException>(() => service.ResolveAsync(ResourceUri.Parse("res://wordlist/a"), CancellationToken.None));
    }

    [Theory]
    [InlineData("res://wordlist/common:latest", "res://wordlist/*", true)]
    [InlineData("res://wordlist/common", "res://wordlist/common", true)]
    [InlineData("res://wordlist/common:v1", "res://wordlist/common", true)]
    [InlineData("res://wordlist/common:v1", "res://wordlist/common:v1", true)]
    [InlineData("res://wordlist/common", "res://wordlist/common:latest", true)]
    [InlineData("res://wordlist/common:v2", "res://wordlist/common:v1", false)]
    [InlineData("res://wordlist/other", "res://wordlist/common", false)]
    [InlineData("res://cve/kev", "res://wordlist/*", false)]
    public void Permission_CoversWhatItNames(string uri, string declared, bool covers) => ResourceUri.Parse(uri).IsCoveredBy(declared).ShouldBe(covers);

    [Theory]
    [InlineData("res://wordlist/../x")]
    [InlineData("res://wordlist/a/b")]
    [InlineData("res://nothing/a")]
    [InlineData("http://wordlist/a")]
    [InlineData("res://wordlist/a:")]
    [InlineData("")]
    public void Uri_OfAnotherForm_IsRefused(string text) => Should.Throw<SecFlowException>(() => ResourceUri.Parse(text)).Code.ShouldBe(Codes.ResourceInvalid);

    private static (ResourceService Service, ResourceStore Store) Service(TestDatabase test)
    {
        var folder = Path.Combine(test.Folder, "data");
        Directory.CreateDirectory(folder);
        var store = new ResourceStore(test.Database);
        var audit = new AuditLog(test.Database, AuditFiles.In(folder));
        return (new ResourceService(folder, store, new BlobStore(folder), new Access(audit, new OwnerStore(test.Database)), test.Database.Time), store);
    }

    private static Task<Resource> ImportAsync(ResourceService service, string type, string name, string content, string? version = null, Actor? actor = null) =>
        service.ImportAsync(actor ?? Admin, new ResourceImport(type, name, version, name.Contains('/', StringComparison.Ordinal) ? "x" : name + ".txt"), new MemoryStream(Encoding.UTF8.GetBytes(content)), CancellationToken.None);

    private static MemoryStream Zip(params (string Name, string Text)[] files)
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                using var writer = new StreamWriter(archive.CreateEntry(name).Open());
                writer.Write(text);
            }
        }

        stream.Position = 0;
        return stream;
    }

    private static async Task<string> ShouldFailAsync(Func<Task> act) => (await Should.ThrowAsync<SecFlowException>(act)).Code;
}
