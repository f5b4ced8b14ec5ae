using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>Uploaded archives: what is in them is hostile until it is extracted, and stays inside its folder.</summary>
public sealed class TargetArchiveTests
{
    [Theory]
    [InlineData("zip")]
    [InlineData("tar.gz")]
    public async Task Upload_PlainArchive_IsExtractedUnderItsDigest(string format)
    {
        await using var world = await TargetWorld.CreateAsync();
        (string, string)[] files = [("src/app.js", "eval(1)"), ("./README.md", "# x"), ("src/deep/é.txt", "y")];

        var uploaded = await world.Archives.UploadAsync(world.Admin, new MemoryStream(format == "zip" ? Zip(files) : Tar(files)), default);
        var again = await world.Archives.UploadAsync(world.Admin, new MemoryStream(format == "zip" ? Tar(files) : Zip(files)), default);

        (uploaded.Files, uploaded.Bytes).ShouldBe((3, 11));
        again.Value.ShouldBe(uploaded.Value, "the digest is of the content, not of the packing");
        var row = await world.Service.AddAsync(world.Admin, new NewTarget("Shop source", TargetKind.Folder, uploaded.Value, "ticket 1", null), default);
        var folder = world.Folders.Open(world.Admin.TeamId, [ScopedTarget.Of(row)]).ShouldHaveSingleItem();
        (folder.Name, folder.Inside, folder.TargetId).ShouldBe(("shop-source", "/target/shop-source", row.Id));
        (await File.ReadAllTextAsync(Path.Combine(folder.Path, "src/app.js"))).ShouldBe("eval(1)");
        File.GetUnixFileMode(Path.Combine(folder.Path, "src/app.js")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Directory.GetFileSystemEntries(world.Folders.ArchivesOf(world.Admin.TeamId)).ShouldHaveSingleItem("nothing is left of the uploads");
        (await world.EventsAsync("upload.archive")).Count.ShouldBe(2);

        var stranger = await world.StrangerAsync();
        (await Should.ThrowAsync<SecFlowException>(() => world.Service.AddAsync(stranger, new NewTarget("x", TargetKind.Folder, uploaded.Value, "ticket 1", null), default))).Message.ShouldContain("no uploaded archive");
    }

    public static TheoryData<string, byte[], string> Hostile()
    {
        var data = new TheoryData<string, byte[], string>();
        foreach (var name in new[] { "../evil", "a/../../evil", "/etc/passwd", "C:/x", "a\\..\\b", "a//b", "a/./../b", "a\0b", "a\nb", "evil\u202e", new string('x', 300), string.Join('/', Enumerable.Repeat("d", 40)), string.Join('/', Enumerable.Repeat(new string('y', 100), 12)) })
        {
            data.Add("zip " + (name.Length > 20 ? name.Length.ToString() : name), Zip([(name, "x")]), "The name");
        }

        data.Add("tar ..", Tar([("../evil", "x")]), "The name");
        data.Add("twins", Zip([("A/x", "1"), ("a/y", "2")]), "differ only in case");
        data.Add("same", Zip([("a", "1"), ("a", "2")]), "stands in it twice");
        data.Add("file as folder", Zip([("a", "1"), ("a/b", "2")]), "as a file and as a folder");
        data.Add("zip link", ZipOf(entry => entry.ExternalAttributes = 0xA1FF << 16), "link or a device");
        data.Add("zip device", ZipOf(entry => entry.ExternalAttributes = 0x21B6 << 16), "link or a device");
        foreach (var type in new[] { TarEntryType.SymbolicLink, TarEntryType.HardLink, TarEntryType.CharacterDevice, TarEntryType.BlockDevice, TarEntryType.Fifo })
        {
            data.Add("tar " + type, TarOf(type), "link, a device or a pipe");
        }

        data.Add("nothing", Zip([]), "");
        data.Add("no archive", Encoding.ASCII.GetBytes("hello"), "neither a zip nor");
        data.Add("empty", [], "neither a zip nor");
        data.Add("cut zip", Zip([("a", "x")])[..^30], "directory is missing");
        data.Add("cut tar", Tar([("a", new string('x', 5000))])[..^20], "");
        data.Add("bad gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3], "");
        data.Add("zip bomb", Zip([("zeros", new string('\0', 30 * 1024 * 1024))]), "times as large");
        data.Add("tar bomb", Tar([("zeros", new string('\0', 30 * 1024 * 1024))]), "");
        data.Add("many entries", Zip([.. Enumerable.Range(0, ArchivePaths.MostEntries + 1).Select(i => ("f" + i, ""))]), "more than 20000");
        data.Add("pax size", TarWithHeader("30 size=9999999999999999999\n"u8.ToArray(), null), "changes the size");
        data.Add("huge pax header", TarWithHeader([], 1L << 30), "extended header");
        data.Add("negative size", TarWithHeader([], -1), "octal");
        return data;
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Upload_HostileArchive_IsRefusedAndLeavesNothing(string what, byte[] archive, string words)
    {
        await using var world = await TargetWorld.CreateAsync();

        var refused = await Should.ThrowAsync<SecFlowException>(() => world.Archives.UploadAsync(world.Admin, new MemoryStream(archive), default), what);

        refused.Code.ShouldBe(Codes.ArchiveInvalid, refused.Message);
        refused.Message.ShouldContain(words);
        Directory.GetFileSystemEntries(world.Folders.ArchivesOf(world.Admin.TeamId)).ShouldBeEmpty();
        Directory.GetFileSystemEntries(Path.GetDirectoryName(world.DataFolder)!, "evil*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Upload_TooLargeOrByOthers_IsRefused()
    {
        await using var world = await TargetWorld.CreateAsync();
        using var endless = new Endless();

        (await Should.ThrowAsync<SecFlowException>(() => world.Archives.UploadAsync(world.Admin, endless, default))).Code.ShouldBe(Codes.RequestTooLarge);
        (await Should.ThrowAsync<SecFlowException>(() => world.Archives.UploadAsync(world.Admin with { Role = TeamRole.Analyst }, endless, default))).Code.ShouldBe(Codes.RoleMissing);
        Directory.GetFileSystemEntries(world.Folders.ArchivesOf(world.Admin.TeamId)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Upload_AfterADay_RemovesWhatNoTargetNames()
    {
        await using var world = await TargetWorld.CreateAsync();
        var kept = await world.Archives.UploadAsync(world.Admin, new MemoryStream(Zip([("a", "kept")])), default);
        var unused = await world.Archives.UploadAsync(world.Admin, new MemoryStream(Zip([("a", "unused")])), default);
        await world.Service.AddAsync(world.Admin, new NewTarget("kept", TargetKind.Folder, kept.Value, "ticket 1", null), default);
        foreach (var folder in Directory.GetDirectories(world.Folders.ArchivesOf(world.Admin.TeamId)))
        {
            Directory.SetLastWriteTimeUtc(folder, world.Now.AddDays(-2).UtcDateTime);
        }

        await world.Archives.UploadAsync(world.Admin, new MemoryStream(Zip([("a", "new")])), default);

        var left = Directory.GetDirectories(world.Folders.ArchivesOf(world.Admin.TeamId)).Select(Path.GetFileName).ToList();
        left.ShouldContain(kept.Value[TargetFolders.ArchivePrefix.Length..]);
        left.ShouldNotContain(unused.Value[TargetFolders.ArchivePrefix.Length..]);
    }

    [Fact]
    public async Task Open_FolderThatChangedSince_IsRefused()
    {
        await using var world = await TargetWorld.CreateAsync();
        var app = Directory.CreateDirectory(Path.Combine(world.Allowed, "app")).FullName;
        var row = await world.Service.AddAsync(world.Admin, new NewTarget("App", TargetKind.Folder, app, "ticket 1", null), default);
        var twin = ScopedTarget.Of(row) with { Id = Guid.NewGuid(), Name = "app" };
        world.Folders.Open(world.Admin.TeamId, [ScopedTarget.Of(row), twin]).Select(folder => folder.Inside).ShouldBe(["/target/app", "/target/app-2"]);

        Directory.Delete(app);
        Directory.CreateSymbolicLink(app, "/etc");
        var refused = Should.Throw<SecFlowException>(() => world.Folders.Open(world.Admin.TeamId, [ScopedTarget.Of(row)]));
        (refused.Code, refused.Diagnostics[0].Rule).ShouldBe((Codes.FolderNotAllowed, "target.folder"));

        var outside = await Should.ThrowAsync<SecFlowException>(() => world.Service.AddAsync(world.Admin, new NewTarget("etc", TargetKind.Folder, "/etc", "ticket 1", null), default));
        outside.Message.ShouldContain("not below a folder");
        var missing = await Should.ThrowAsync<SecFlowException>(() => world.Service.AddAsync(world.Admin, new NewTarget("etc", TargetKind.Folder, "/no/such/place", "ticket 1", null), default));
        missing.Message.ShouldContain("not below a folder", customMessage: "whether a folder exists is not told to who may not name it");
    }

    private static byte[] Zip(IEnumerable<(string Name, string Text)> files)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                using var writer = new StreamWriter(zip.CreateEntry(name, CompressionLevel.Optimal).Open());
                writer.Write(text);
            }
        }

        return stream.ToArray();
    }

    private static byte[] ZipOf(Action<ZipArchiveEntry> change)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            var entry = zip.CreateEntry("a");
            change(entry);
            using var writer = new StreamWriter(entry.Open());
            writer.Write("/etc/passwd");
        }

        return stream.ToArray();
    }

    private static byte[] Tar(IEnumerable<(string Name, string Text)> files) => Gzip(tar =>
    {
        foreach (var (name, text) in files)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        }
    });

    private static byte[] TarOf(TarEntryType type) => Gzip(tar =>
    {
        var entry = new PaxTarEntry(type, "a");
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            entry.LinkName = "/etc/passwd";
        }

        tar.WriteEntry(entry);
    });

    private static byte[] Gzip(Action<TarWriter> write)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            write(tar);
        }

        return stream.ToArray();
    }

    /// <summary>One extended header as an attacker writes it, with its true or another size.</summary>
    private static byte[] TarWithHeader(byte[] note, long? size)
    {
        var header = new byte[512];
        "pax"u8.CopyTo(header);
        Encoding.ASCII.GetBytes(size < 0 ? "-0000000001" : Convert.ToString(size ?? note.Length, 8).PadLeft(11, '0')).CopyTo(header.AsSpan(124));
        header[156] = (byte)'x';
        "ustar\0"u8.CopyTo(header.AsSpan(257));
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(header);
            gzip.Write(note);
            gzip.Write(new byte[1024 - (note.Length % 512)]);
        }

        return stream.ToArray();
    }

    private sealed class Endless : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => count;

        public override int Read(Span<byte> buffer) => buffer.Length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(buffer.Length);
    }
}
