using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tests.Plugins;

public sealed class PluginPackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-package-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Pack_SameFolder_GivesTheSameBytesAndOnlyWhatBelongsIn()
    {
        PluginWorld.Write(_folder, PluginWorld.Files());
        Directory.CreateDirectory(Path.Combine(_folder, "src"));
        File.WriteAllText(Path.Combine(_folder, "src", "index.ts"), "1");
        var (first, second) = (PackageWriter.Pack(_folder), PackageWriter.Pack(_folder));
        first.Digest.ShouldBe(second.Digest);
        first.Files.Keys.ShouldBe(["README.md", "SHA256SUMS", "config.schema.json", "fixtures/a.json", "index.js", "plugin.yaml"]);
        Zip(first).ShouldBe(Zip(second));
        PluginPackage.ReadZip(new MemoryStream(Zip(first))).Digest.ShouldBe(first.Digest);
        Checksums.Compare(first).ShouldBeEmpty();
    }

    [Fact]
    public void Pack_Sums_AreThoseOfSha256sum()
    {
        var sums = Encoding.ASCII.GetString(PluginWorld.Package(PluginWorld.Files()).Files["SHA256SUMS"]);
        sums.ShouldContain(Convert.ToHexStringLower(SHA256.HashData("{}"u8)) + "  fixtures/a.json\n");
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("./x")]
    [InlineData("/etc/x")]
    [InlineData("C:/x")]
    [InlineData("a\\b")]
    [InlineData("a//b")]
    [InlineData("a b")]
    [InlineData("a\u0000b")]
    [InlineData("ü")]
    public void ReadZip_PathThatIsNotAllowed_IsSF1203(string path) => Refused(MakeZip((path, "x"u8.ToArray(), 0))).ShouldBe(Codes.PackagePath);

    [Theory]
    [InlineData("a.txt", "A.txt")]
    [InlineData("a.txt", "a.txt")]
    [InlineData("dir/a", "DIR/b")]
    [InlineData("a", "a/b")]
    [InlineData("a/b", "a")]
    public void ReadZip_TwinPaths_AreSF1203(string first, string second) =>
        Refused(MakeZip((first, [1], 0), (second, [2], 0))).ShouldBe(Codes.PackagePath);

    [Theory]
    [InlineData(0xA1FF)]
    [InlineData(0x11A4)]
    [InlineData(0x21A4)]
    public void ReadZip_LinkPipeOrDevice_IsSF1201(int mode) => Refused(MakeZip(("a", "/etc/passwd"u8.ToArray(), mode << 16))).ShouldBe(Codes.PackageInvalid);

    [Fact]
    public void ReadZip_Bomb_StopsAtTheLimit()
    {
        var zip = MakeZip(("a", new byte[200_000_000], 0));
        zip.Length.ShouldBeLessThan(1_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused(zip).ShouldBe(Codes.PackageTooLarge);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(100_000_000);
    }

    [Fact]
    public void ReadZip_ManyFilesThatTogetherAreTooLarge_IsSF1202() =>
        Refused(MakeZip([.. Enumerable.Range(0, 20).Select(i => ("f" + i, new byte[1_000_000], 0))])).ShouldBe(Codes.PackageTooLarge);

    [Fact]
    public void ReadZip_TooManyFiles_IsSF1202() =>
        Refused(MakeZip([.. Enumerable.Range(0, 257).Select(i => ("f" + i, Array.Empty<byte>(), 0))])).ShouldBe(Codes.PackageTooLarge);

    [Fact]
    public void ReadZip_Garbage_IsSF1201()
    {
        Refused("not a zip at all"u8.ToArray()).ShouldBe(Codes.PackageInvalid);
        var zip = MakeZip(("a", "hello"u8.ToArray(), 0));
        Refused(zip[..(zip.Length / 2)]).ShouldBe(Codes.PackageInvalid);
    }

    [Fact]
    public void ReadZip_EveryByteFlipped_OnlyEverGivesDiagnostics()
    {
        var zip = MakeZip(("index.js", "hello hello hello"u8.ToArray(), 0), ("b/c", [1, 2, 3], 0));
        for (var i = 0; i < zip.Length; i++)
        {
            var changed = (byte[])zip.Clone();
            changed[i] ^= 0x11;
            try
            {
                PluginPackage.ReadZip(new MemoryStream(changed));
            }
            catch (SecFlowException)
            {
                // the one exception that reading may throw
            }
        }
    }

    [Fact]
    public void ReadFolder_SymbolicLink_IsSF1201()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "a"), "/etc/hostname");
        Should.Throw<SecFlowException>(() => PluginPackage.ReadFolder(_folder)).Code.ShouldBe(Codes.PackageInvalid);
    }

    [Fact]
    public void ReadFolder_LinkedFolder_IsSF1201()
    {
        Directory.CreateSymbolicLink(Path.Combine(_folder, "a"), "/etc");
        Should.Throw<SecFlowException>(() => PluginPackage.ReadFolder(_folder)).Message.ShouldContain("a link");
    }

    [Fact]
    public void ReadFolder_CaseTwins_AreSF1203()
    {
        File.WriteAllText(Path.Combine(_folder, "a.js"), "");
        File.WriteAllText(Path.Combine(_folder, "A.js"), "");
        Should.Throw<SecFlowException>(() => PluginPackage.ReadFolder(_folder)).Code.ShouldBe(Codes.PackagePath);
    }

    [Fact]
    public void Read_NoSuchPath_IsSF1201() =>
        Should.Throw<SecFlowException>(() => PluginPackage.Read(Path.Combine(_folder, "none.zip"))).Code.ShouldBe(Codes.PackageInvalid);

    [Fact]
    public void Read_Device_IsRefusedWithoutReadingIt() =>
        Should.Throw<SecFlowException>(() => PluginPackage.Read("/dev/zero")).Code.ShouldBe(Codes.PackageInvalid);

    [Fact]
    public void Read_EightCountersignatures_IsSF1201()
    {
        var files = PluginWorld.Files();
        for (var i = 0; i < 8; i++)
        {
            files[$"countersignatures/{i}.sigstore.json"] = [];
        }

        Should.Throw<SecFlowException>(() => PluginPackage.FromFiles(files)).Code.ShouldBe(Codes.PackageInvalid);
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000 index.js\n")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000  index.js")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000  index.js\r\n")]
    [InlineData("x\n")]
    [InlineData("")]
    public void Compare_SumsInAnotherForm_AreADifference(string sums)
    {
        var files = new Dictionary<string, byte[]>(PluginWorld.Files(), StringComparer.Ordinal) { ["SHA256SUMS"] = Encoding.ASCII.GetBytes(sums) };
        Checksums.Compare(PluginPackage.FromFiles(files)).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("1.2.3", "1.2.3", true)]
    [InlineData("1.2.3", "1.2.4", false)]
    [InlineData("^1.2", "1.9.0", true)]
    [InlineData("^1.2", "2.0.0", false)]
    [InlineData("^0.2.1", "0.2.9", true)]
    [InlineData("^0.2.1", "0.3.0", false)]
    [InlineData("~1.2.3", "1.2.9", true)]
    [InlineData("~1.2.3", "1.3.0", false)]
    [InlineData("1.x", "1.7.0", true)]
    [InlineData(">=1.0.0 <2.0.0", "1.5.0", true)]
    [InlineData(">=1.0.0 <2.0.0", "2.0.0", false)]
    [InlineData("*", "3.0.0-rc.1", false)]
    [InlineData("3.0.0-rc.1", "3.0.0-rc.1", true)]
    public async Task Find_Range_ChoosesWhatFits(string range, string version, bool fits)
    {
        await using var world = await PluginWorld.CreateAsync();
        await world.EnableAsync(PluginWorld.Files(version: version));
        (await world.Registry.FindAsync("scan.dummy@" + range, CancellationToken.None) is not null).ShouldBe(fits);
        (await world.Registry.FindAsync("scan.dummy@what?", CancellationToken.None)).ShouldBeNull();
    }

    private static byte[] Zip(PluginPackage package)
    {
        using var stream = new MemoryStream();
        PackageWriter.WriteZip(package, stream);
        return stream.ToArray();
    }

    private static byte[] MakeZip(params (string Path, byte[] Bytes, int Attributes)[] entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, bytes, attributes) in entries)
            {
                var entry = archive.CreateEntry(path);
                entry.ExternalAttributes = attributes;
                using var content = entry.Open();
                content.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    private static string Refused(byte[] zip) => Should.Throw<SecFlowException>(() => PluginPackage.ReadZip(new MemoryStream(zip))).Code;
}
