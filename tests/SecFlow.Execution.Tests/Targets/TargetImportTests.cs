using System.Text;
using SecFlow.Data;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>Targets from a file: everything that is wrong is told at once and in its place, and nothing is stored before it is confirmed.</summary>
public sealed class TargetImportTests
{
    private const string Header = "name,kind,value,reference,until,tags\n";

    [DatabaseData]
    public async Task Confirm_AfterAPreview_StoresAllNewLines(DatabaseKind kind)
    {
        await using var world = await TargetWorld.CreateAsync(kind);
        await world.Service.AddAsync(world.Admin, new NewTarget("old", TargetKind.Url, "https://old.example/", "ticket 0", null), default);
        var file = Bytes(Header + "\"Shop, \"\"new\"\"\",url,https://shop.example,TICKET-7,2027-01-31,web staging\r\nnet,cidr,192.0.2.0/24,TICKET-8,,\nagain,URL,https://OLD.example,TICKET-9,,\ntwice,cidr,192.0.2.0/24,TICKET-9,,");

        var preview = await world.Import.PreviewAsync(world.Admin, file, default);

        preview.Problems.ShouldBeEmpty();
        preview.Lines.Select(line => (line.Line, line.State, line.Of)).ShouldBe([(2, ImportState.New, null), (3, ImportState.New, null), (4, ImportState.Duplicate, "target 'old'"), (5, ImportState.Duplicate, "line 3")]);
        (await world.Service.ListAsync(world.Admin, default)).Count.ShouldBe(1, "a preview stores nothing");

        await world.Import.ConfirmAsync(world.Admin, file, preview.Digest, default);

        var rows = await world.Service.ListAsync(world.Admin, default);
        rows.Select(row => (row.Name, row.Value, row.AuthorisedBy, row.Tags)).ShouldBe(
            [("Shop, \"new\"", "https://shop.example/", "ada", "web staging"), ("net", "192.0.2.0/24", "ada", ""), ("old", "https://old.example/", "ada", "")], ignoreOrder: true);
        rows.Single(row => row.Name.StartsWith("Shop", StringComparison.Ordinal)).AuthorisedUntil.ShouldBe(new DateTimeOffset(2027, 1, 31, 23, 59, 59, TimeSpan.Zero));
        (await world.EventsAsync("add.target")).Count.ShouldBe(3);
        (await Should.ThrowAsync<SecFlowException>(() => world.Import.ConfirmAsync(world.Admin, file, preview.Digest, default))).Message.ShouldContain("Nothing in the file is new");
    }

    [Fact]
    public async Task Preview_OfManyErrors_TellsAllWithLineAndColumn()
    {
        await using var world = await TargetWorld.CreateAsync();
        var file = Bytes(
            "name,kind,value,reference,intrusiveness,rate,private,until\n"
            + "a,urll,https://a.example,TICKET,saef,x,maybe,tomorrow\n"
            + "b,url,ftp://b.example,T,safe,9999,no,2020-01-01\n"
            + "\"c\nd\",host,c.example,TICKET,,,,\n"
            + "e,host\n"
            + "=cmd|'/c calc'!A1,host,e.example,TICKET,,,,\n"
            + "f,host,f.example,TICKET,,,,\n"
            + "f,host,g.example,TICKET,,,,\n");

        var preview = await world.Import.PreviewAsync(world.Admin, file, default);

        preview.Problems.ShouldAllBe(problem => problem.Code == Codes.ImportInvalid && problem.Remedy != null || problem.Path == "name");
        preview.Problems.Select(problem => (problem.Line, problem.Column)).ShouldBe(
            [(2, 2), (2, 5), (2, 6), (2, 7), (2, 8), (3, 3), (3, 4), (3, 6), (3, 8), (4, 1), (6, 3), (7, 1), (9, 1)], ignoreOrder: true);
        var text = string.Join('\n', preview.Problems);
        foreach (var words in new[] { "Did you mean 'url'", "Did you mean 'safe'", "is not a date", "begins like a formula", "2 fields; the header has 8", "taken by line 8", "not a url", "control" })
        {
            text.ShouldContain(words);
        }

        preview.Ready.ShouldBeFalse();
        (await Should.ThrowAsync<SecFlowException>(() => world.Import.ConfirmAsync(world.Admin, file, preview.Digest, default))).Diagnostics.Count.ShouldBe(preview.Problems.Count);
        (await world.Service.ListAsync(world.Admin, default)).ShouldBeEmpty();
    }

    public static TheoryData<byte[], string> Hostile() => new()
    {
        { [], "empty" },
        { "\n\n\n"u8.ToArray(), "empty" },
        { "nmae,kind,value,reference\n"u8.ToArray(), "Did you mean 'name'" },
        { "name,kind,value\n"u8.ToArray(), "'reference' is missing" },
        { "name,kind,value,reference,name\n"u8.ToArray(), "stands twice" },
        { [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(Header)], "UTF-16" },
        { Bytes(Header + "a,url,https://a.example,T\0T,,\n"), "NUL" },
        { [.. Bytes(Header), 0x61, 0xE9, 0x2C, 0x0A], "not UTF-8" },
        { Bytes(Header + "\"a,url,https://a.example,TICKET,,\nb,url,https://b.example,TICKET,,\n"), "never closed" },
        { Bytes(Header + "a\"b,url,https://a.example,TICKET,,\n"), "middle of a field" },
        { Bytes(string.Join(',', Enumerable.Repeat("a", 100_000)) + "\n"), "100000 columns" },
        { Bytes(Header + string.Join(',', Enumerable.Repeat("a", 100_000)) + "\n"), "100000 fields" },
        { Bytes(Header + "a,url,https://a.example/" + new string('x', 6000) + ",TICKET,,\n"), "at most 5000" },
        { Bytes(Header + string.Concat(Enumerable.Range(0, 1100).Select(i => $"n{i},cidr,192.0.2.{i % 256}/32,TICKET,,\n"))), "more than 1000 rows" },
        { Bytes(Header + "\u202eevil,url,https://a.example,TICKET,,\n"), "invisible" },
        { Bytes(Header + "@SUM(A1),url,https://a.example,TICKET,,\n"), "formula" },
        { Bytes(Header + "a,url,https://u:p@a.example,TICKET,,\n"), "user name" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Preview_OfAHostileFile_IsAnAnswer(byte[] file, string words)
    {
        await using var world = await TargetWorld.CreateAsync();

        var preview = await world.Import.PreviewAsync(world.Admin, file, default);

        preview.Ready.ShouldBeFalse();
        preview.Problems.Count.ShouldBeInRange(1, 1000);
        string.Join('\n', preview.Problems).ShouldContain(words);
    }

    [Theory]
    [InlineData("\uFEFFname,kind,value,reference\r\nshop,url,https://shop.example,TICKET\r\n")]
    [InlineData("name;kind;value;reference\nshop;url;https://shop.example;TICKET")]
    [InlineData(" Name , KIND,value,reference\n\n\nshop,url,https://shop.example,TICKET\n\n")]
    [InlineData("reference,value,name,kind\nTICKET,https://shop.example,\"shop\",url\n")]
    public async Task Preview_OfUsualShapes_IsReady(string text)
    {
        await using var world = await TargetWorld.CreateAsync();

        var preview = await world.Import.PreviewAsync(world.Admin, Bytes(text), default);

        preview.Ready.ShouldBeTrue(string.Join('\n', preview.Problems));
        preview.Lines.ShouldHaveSingleItem().Name.ShouldBe("shop");
    }

    [Fact]
    public async Task Read_TenMegabytes_IsRefusedBeforeItIsParsed()
    {
        using var file = new MemoryStream(new byte[10 * 1024 * 1024]);
        (await Should.ThrowAsync<SecFlowException>(() => TargetImport.ReadAsync(file, default))).Code.ShouldBe(Codes.RequestTooLarge);
        file.Position.ShouldBeLessThan(2 * 1024 * 1024);
    }

    [Fact]
    public async Task Confirm_AnotherFileOrActor_IsRefused()
    {
        await using var world = await TargetWorld.CreateAsync();
        var file = Bytes(Header + "a,url,https://a.example,TICKET,,\n");
        var digest = (await world.Import.PreviewAsync(world.Admin, file, default)).Digest;

        (await Should.ThrowAsync<SecFlowException>(() => world.Import.ConfirmAsync(world.Admin, Bytes(Header + "b,url,https://b.example,TICKET,,\n"), digest, default))).Code.ShouldBe(Codes.Conflict);
        (await Should.ThrowAsync<SecFlowException>(() => world.Import.ConfirmAsync(world.Admin with { Role = TeamRole.Analyst }, file, digest, default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => world.Import.PreviewAsync(world.Admin with { Role = TeamRole.Analyst }, file, default))).Code.ShouldBe(Codes.RoleMissing);
        (await world.Service.ListAsync(world.Admin, default)).ShouldBeEmpty();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
