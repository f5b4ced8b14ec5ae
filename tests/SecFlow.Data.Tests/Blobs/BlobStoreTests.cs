using System.Security.Cryptography;
using System.Text;
using SecFlow.Data.Blobs;

namespace SecFlow.Data.Tests.Blobs;

public sealed class BlobStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-test-").FullName;
    private readonly BlobStore _blobs;

    public BlobStoreTests() => _blobs = new BlobStore(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Put_Content_IsStoredUnderItsDigest()
    {
        var blob = await _blobs.PutAsync("hello"u8.ToArray());

        var hex = Convert.ToHexStringLower(SHA256.HashData("hello"u8));
        blob.ShouldBe(new Blob("sha256:" + hex, 5));
        (await File.ReadAllTextAsync(Path.Combine(_folder, "blobs", "sha256", hex[..2], hex))).ShouldBe("hello");
        _blobs.Exists(blob.Digest).ShouldBeTrue();
        Temporary().ShouldBeEmpty();
    }

    [Fact]
    public async Task Put_SameContentAtOnce_IsStoredOnce()
    {
        var content = RandomNumberGenerator.GetBytes(300_000);

        var blobs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _blobs.PutAsync(new MemoryStream(content))));

        blobs.Distinct().Count().ShouldBe(1);
        Directory.GetFiles(Path.Combine(_folder, "blobs", "sha256"), "*", SearchOption.AllDirectories).ShouldHaveSingleItem();
        Temporary().ShouldBeEmpty();
    }

    [Fact]
    public async Task Put_WriterFails_NothingIsKept()
    {
        await Should.ThrowAsync<InvalidDataException>(() => _blobs.PutAsync(async (output, ct) =>
        {
            await output.WriteAsync(new byte[1000], ct);
            throw new InvalidDataException();
        }));

        Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task OpenVerified_Untouched_AnswersTheContent()
    {
        var blob = await _blobs.PutAsync("content"u8.ToArray());

        using var reader = new StreamReader(await _blobs.OpenVerifiedAsync(blob.Digest));

        (await reader.ReadToEndAsync()).ShouldBe("content");
    }

    [Fact]
    public async Task OpenVerified_OneByteFlipped_IsRefused()
    {
        var blob = await _blobs.PutAsync("content"u8.ToArray());
        var file = Directory.GetFiles(Path.Combine(_folder, "blobs", "sha256"), "*", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(file, "cOntent");

        var error = await Should.ThrowAsync<BlobDamagedException>(() => _blobs.OpenVerifiedAsync(blob.Digest));

        error.Message.ShouldContain(blob.Digest);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../../../../etc/passwd")]
    [InlineData("sha256:ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789")]
    [InlineData("sha512:abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345678")]
    [InlineData("sha256:..cdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789")]
    public void OpenRead_NotADigest_NeverBecomesAPath(string digest) => Should.Throw<ArgumentException>(() => _blobs.OpenRead(digest));

    [Fact]
    public void OpenRead_UnknownDigest_IsNotFound()
    {
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("unknown")));

        _blobs.Exists(digest).ShouldBeFalse();
        Should.Throw<IOException>(() => _blobs.OpenRead(digest));
    }

    [Fact]
    public async Task SweepTemporary_LeftOvers_AreRemovedAndBlobsStay()
    {
        var blob = await _blobs.PutAsync("keep"u8.ToArray());
        var left = Path.Combine(_folder, "blobs", "tmp", "left");
        var young = Path.Combine(_folder, "blobs", "tmp", "young");
        await File.WriteAllTextAsync(left, "half");
        await File.WriteAllTextAsync(young, "half");
        File.SetLastWriteTimeUtc(left, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(young, new DateTime(2026, 1, 3, 0, 0, 0, DateTimeKind.Utc));

        _blobs.SweepTemporary(new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero)).ShouldBe(1);

        Temporary().ShouldHaveSingleItem();
        _blobs.Exists(blob.Digest).ShouldBeTrue();
    }

    private string[] Temporary() => Directory.GetFiles(Path.Combine(_folder, "blobs", "tmp"));
}
