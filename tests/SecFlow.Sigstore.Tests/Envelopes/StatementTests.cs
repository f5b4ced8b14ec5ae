using System.Text;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Envelopes;

namespace SecFlow.Sigstore.Tests.Envelopes;

public sealed class StatementTests
{
    private const string Digest = "2302b9063625a28943a35bf95d12e821f86142a12d2d751adbc9084258e731ef";
    private const string Subject = "{\"name\":\"a\",\"digest\":{\"sha256\":\"" + Digest + "\"}}";
    private const string Head = "{\"_type\":\"https://in-toto.io/Statement/v1\",";

    [Theory]
    [InlineData("https://in-toto.io/Statement/v0.1")]
    [InlineData("https://in-toto.io/Statement/v1")]
    public void Read_BothVersions_HaveTheirSubjects(string type)
    {
        var statement = Read("{\"_type\":\"" + type + "\",\"predicateType\":\"p\",\"predicate\":{\"any\":[{\"thing\":1}]},\"subject\":[" + Subject + "]}");
        statement.Type.ShouldBe(type);
        statement.PredicateType.ShouldBe("p");
        statement.Subjects.ShouldHaveSingleItem().Name.ShouldBe("a");
        statement.IsAbout(Digest).ShouldBeTrue();
    }

    [Fact]
    public void IsAbout_OneOfManySubjects_Is()
    {
        var statement = Read(Head + "\"subject\":[{\"name\":\"b\",\"digest\":{\"sha512\":\"" + Digest + "\"}}," + Subject + "]}");
        statement.IsAbout(Digest).ShouldBeTrue();
        statement.IsAbout(Digest.Replace('2', '3')).ShouldBeFalse();
    }

    [Theory]
    [InlineData("{\"digest\":{\"sha512\":\"" + Digest + "\"}}")]
    [InlineData("{\"digest\":{\"SHA256\":\"" + Digest + "\"}}")]
    [InlineData("{\"digest\":{\"sha256\":\"sha256:" + Digest + "\"}}")]
    [InlineData("{\"digest\":{\"sha256\":\"2302B9063625A28943A35BF95D12E821F86142A12D2D751ADBC9084258E731EF\"}}")]
    [InlineData("{\"name\":\"" + Digest + "\",\"digest\":{}}")]
    public void IsAbout_DigestElsewhereOrInOtherForm_IsNot(string subject) => Read(Head + "\"subject\":[" + subject + "]}").IsAbout(Digest).ShouldBeFalse();

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{}")]
    [InlineData("{\"_type\":\"https://in-toto.io/Statement/v2\",\"subject\":[" + Subject + "]}")]
    [InlineData("{\"_type\":7,\"subject\":[" + Subject + "]}")]
    [InlineData("{\"subject\":[" + Subject + "]}")]
    [InlineData(Head + "\"subject\":[]}")]
    [InlineData(Head + "\"subject\":null}")]
    [InlineData(Head + "\"subject\":" + Subject + "}")]
    [InlineData(Head + "\"subject\":[7]}")]
    [InlineData(Head + "\"subject\":[{\"name\":\"a\"}]}")]
    [InlineData(Head + "\"subject\":[{\"digest\":[]}]}")]
    [InlineData(Head + "\"subject\":[{\"digest\":{\"sha256\":7}}]}")]
    [InlineData(Head + "\"subject\":[{\"name\":7,\"digest\":{}}]}")]
    [InlineData(Head + "\"predicateType\":{},\"subject\":[" + Subject + "]}")]
    [InlineData(Head + "\"subject\":[" + Subject + "],}")]
    [InlineData(Head + "\"subject\":[" + Subject + "]} x")]
    [InlineData(Head + "/* c */\"subject\":[" + Subject + "]}")]
    [InlineData(Head + "\"subject\":[" + Subject + "],\"subject\":[" + Subject + "]}")]
    [InlineData(Head + "\"subject\":[{\"digest\":{\"sha256\":\"00\",\"sha256\":\"" + Digest + "\"}}]}")]
    [InlineData(Head + "\"predicate\":{\"a\":1,\"\\u0061\":2},\"subject\":[" + Subject + "]}")]
    [InlineData(Head + "\"subject\":[{\"name\":\"\\ud800\",\"digest\":{}}]}")]
    public void Read_OtherForm_IsMalformed(string json) => Should.Throw<BundleFormatException>(() => Read(json)).Path.ShouldStartWith("dsseEnvelope.payload");

    [Fact]
    public void Read_BrokenText_IsMalformed() => Should.Throw<BundleFormatException>(
        () => Statement.Read((byte[])[.. Encoding.UTF8.GetBytes(Head + "\"predicateType\":\""), 0xFF, .. Encoding.UTF8.GetBytes("\",\"subject\":[" + Subject + "]}")]));

    [Fact]
    public void Read_TooDeep_IsMalformed() =>
        Should.Throw<BundleFormatException>(() => Read(Head + "\"predicate\":" + new string('[', 5000) + new string(']', 5000) + ",\"subject\":[" + Subject + "]}"));

    [Fact]
    public void Read_TooManySubjectsOrDigests_IsMalformed()
    {
        Read(Head + "\"subject\":[" + string.Join(',', Enumerable.Repeat(Subject, Statement.MaxSubjects)) + "]}").Subjects.Count.ShouldBe(Statement.MaxSubjects);
        Should.Throw<BundleFormatException>(() => Read(Head + "\"subject\":[" + string.Join(',', Enumerable.Repeat(Subject, Statement.MaxSubjects + 1)) + "]}"));
        Should.Throw<BundleFormatException>(
            () => Read(Head + "\"subject\":[{\"digest\":{" + string.Join(',', Enumerable.Range(0, 17).Select(i => $"\"d{i}\":\"00\"")) + "}}]}"));
    }

    private static Statement Read(string json) => Statement.Read(Encoding.UTF8.GetBytes(json));
}
