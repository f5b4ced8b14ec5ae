using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Tests.Verification;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Timestamps;

/// <summary>Times that timestamp authorities and logs vouch for. Entries of Rekor 2 have none, so that the timestamp decides.</summary>
public sealed class TimestampTests : Signed
{
    [Fact]
    public void Verify_Timestamp_IsATimeWithItsSource()
    {
        var time = Accepts(Only(Sigstore.TimestampAuthority)).Times.ShouldHaveSingleItem();
        time.Time.ShouldBe(Sigstore.Now.AddSeconds(1));
        time.Source.ShouldBe("timestamp authority https://" + Sigstore.TimestampAuthority.Name);
    }

    [Theory]
    [InlineData("SHA256")]
    [InlineData("SHA384")]
    [InlineData("SHA512")]
    public void Verify_ImprintOfTheTokensAlgorithm_Counts(string imprint)
    {
        using var authority = Authority(imprint: new HashAlgorithmName(imprint));
        Accepts(Only(authority));
    }

    [Fact]
    public void Verify_ImprintOfSha1_CannotBeChecked()
    {
        using var authority = Authority(imprint: HashAlgorithmName.SHA1);
        Rejects(VerificationStage.Timestamp, RejectionReason.AlgorithmNotSupported, "1.3.14.3.2.26", Only(authority)).Unverifiable.ShouldBeTrue();
    }

    [Theory]
    [InlineData(TimestampFault.ForgedSignature, "did not sign")]
    [InlineData(TimestampFault.OtherImprint, "something else")]
    [InlineData(TimestampFault.Rejected, "status 2")]
    [InlineData(TimestampFault.NoCertificateId, "commits to")]
    public void Verify_WrongTimestampOfAKnownAuthority_IsRejected(TimestampFault fault, string words)
    {
        using var authority = Authority(fault);
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, words, Only(authority));

        // also beside a good one, and where the log gives a time
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, words, Only(Sigstore.TimestampAuthority, authority));
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, words, new SignOptions { TimestampAuthorities = [authority] });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Verify_UnknownAuthority_DoesNotCount(bool embeds)
    {
        using var foreign = new MockTimestampAuthority("tsa.elsewhere.test", Sigstore.Now.AddYears(-1), Sigstore.Now.AddYears(1)) { EmbedsCertificate = embeds };
        Rejects(VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 0, of 1 timestamps", Only(foreign));
        Accepts(Only(foreign, Sigstore.TimestampAuthority)).Times.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Verify_ForgerWithTheNamesOfAKnownAuthority_NeverCounts(bool embeds)
    {
        var known = Sigstore.TimestampAuthority;
        using var forger = new MockTimestampAuthority(known.Name, known.Start, Sigstore.Now.AddYears(10)) { EmbedsCertificate = embeds };
        Rejects(VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 0, of 1 timestamps", Only(forger));
    }

    [Theory]
    [InlineData(TimestampFault.ForgedSignature)]
    [InlineData(TimestampFault.OtherImprint)]
    public void Verify_WrongTimestampWithoutItsCertificate_IsRejected(TimestampFault fault)
    {
        using var authority = Authority(fault, embeds: false);
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, "something else", Only(authority));
    }

    [Fact]
    public void Verify_SignerOnlyInTheRoot_Counts()
    {
        using var authority = Authority(embeds: false);
        Accepts(Only(authority));
    }

    [Fact]
    public void Verify_SignerOnlyInTheToken_CountsByItsPath()
    {
        using var authority = Authority(listsSigner: false);
        Accepts(Only(authority));
        using var nowhere = Authority(embeds: false, listsSigner: false);
        Rejects(VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 0, of 1 timestamps", Only(nowhere));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("1.3.6.1.5.5.7.3.3")]
    public void Verify_SignerThatIsNotForTimestamps_NeverCounts(string? usage)
    {
        using var authority = new MockTimestampAuthority("tsa2." + Sigstore.Name, Sigstore.Now.AddYears(-1), Sigstore.Now.AddYears(1), usage);
        Sigstore.FurtherTimestampAuthorities.Add(authority);
        Verify(Sign(Only(authority))).ShouldBeOfType<RejectedBundle>().Stage.ShouldBe(VerificationStage.Timestamp);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Verify_AuthorityWhoseCertificatesWereExpired_IsRejected(bool embeds)
    {
        using var expired = new MockTimestampAuthority("tsa2." + Sigstore.Name, Sigstore.Now.AddYears(-1), Sigstore.Now) { EmbedsCertificate = embeds };
        Sigstore.FurtherTimestampAuthorities.Add(expired);
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, "valid", Only(expired));
        Accepts(Only(expired) with { TimestampTime = TimeSpan.Zero });
    }

    [Fact]
    public void Verify_AuthorityOutOfUse_IsRejected()
    {
        using var retired = new MockTimestampAuthority("tsa2." + Sigstore.Name, Sigstore.Now.AddYears(-1), Sigstore.Now.AddYears(1)) { End = Sigstore.Now };
        Sigstore.FurtherTimestampAuthorities.Add(retired);
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, "the authority", Only(retired));
        Accepts(Only(retired) with { TimestampTime = TimeSpan.Zero });
    }

    [Fact]
    public void Verify_AnchorThatIsTheSignerItself_Counts()
    {
        var root = Sigstore.TrustedRoot(r => r["timestampAuthorities"]![0]!["certChain"]!["certificates"]!.AsArray().RemoveAt(1));
        Accepts(Only(Sigstore.TimestampAuthority), root);
    }

    [Fact]
    public void Verify_RootWithoutTimestampAuthorities_NeverSkips() => Rejects(
        VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 0, of 1 timestamps", Only(Sigstore.TimestampAuthority), Sigstore.TrustedRoot(r => r["timestampAuthorities"] = new JsonArray()));

    [Fact]
    public void Verify_NoTimeAtAll_IsRejectedWhateverIsDemanded()
    {
        var options = new SignOptions { Logs = [Sigstore.RekorV2], TimestampAuthorities = [] };
        Rejects(VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 0", options);
        Rejects(VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 0", options, thresholds: new VerificationThresholds { Timestamps = 0 });
    }

    [Fact]
    public void Verify_TimeOfTheLogAlone_IsEnough() => Accepts(new SignOptions { TimestampAuthorities = [] }).Times.ShouldHaveSingleItem().Time.ShouldBe(Sigstore.Now.AddSeconds(2));

    [Fact]
    public void Verify_TwoTimesDemanded_CountsEachSourceOnce()
    {
        var two = new VerificationThresholds { Timestamps = 2 };
        Accepts(thresholds: two).Times.Select(t => t.Time).ShouldBe([Sigstore.Now.AddSeconds(1), Sigstore.Now.AddSeconds(2)]);
        Rejects(VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 1", Only(Sigstore.TimestampAuthority, Sigstore.TimestampAuthority), thresholds: two);
        Rejects(
            VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 1",
            new SignOptions { Logs = [Sigstore.RekorV1, Sigstore.RekorV1], TimestampAuthorities = [] }, thresholds: two);
        using var second = Authority();
        Accepts(Only(Sigstore.TimestampAuthority, second), thresholds: two);
    }

    [Fact]
    public void Verify_TimestampOfAnotherSignature_IsRejected()
    {
        JsonNode? other = null;
        Sign(Only(Sigstore.TimestampAuthority) with { Bundle = b => other = b["verificationMaterial"]!["timestampVerificationData"]!.DeepClone() });
        Rejects(
            VerificationStage.Timestamp, RejectionReason.TimestampInvalid, "something else",
            Only(Sigstore.TimestampAuthority) with { Bundle = b => b["verificationMaterial"]!["timestampVerificationData"] = other });
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 0x30, 0 })]
    [InlineData(new byte[] { 0x30, 5, 0x30, 3, 2, 1, 0 })]
    [InlineData(new byte[] { 0x30, 7, 0x30, 3, 2, 1, 0, 5, 0 })]
    public void Verify_BytesThatAreNoTimestamp_AreRejected(byte[] response) =>
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, "timestamp", Stamped(_ => response));

    [Fact]
    public void Verify_TokenWithoutItsResponse_IsRejected() =>
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, "timestamp", Stamped(response =>
        {
            var sequence = new AsnReader(response, AsnEncodingRules.BER).ReadSequence();
            sequence.ReadSequence();
            return sequence.ReadEncodedValue().ToArray();
        }));

    [Fact]
    public void Verify_BytesAfterTheResponse_AreRejected() =>
        Rejects(VerificationStage.Timestamp, RejectionReason.TimestampInvalid, "timestamp", Stamped(response => [.. response, 0]));

    [Fact]
    public void Verify_GrantedWithModifications_Counts()
    {
        Accepts(Stamped(response =>
        {
            // SEQUENCE { SEQUENCE { INTEGER status } token }: the status is the last byte of the inner sequence
            var sequence = new AsnReader(response, AsnEncodingRules.BER).ReadSequence();
            sequence.ReadSequence();
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                using (writer.PushSequence())
                {
                    writer.WriteInteger(1);
                }

                writer.WriteEncodedValue(sequence.ReadEncodedValue().Span);
            }

            return writer.Encode();
        }));
    }

    private SignOptions Only(params MockTimestampAuthority[] authorities) => new() { Logs = [Sigstore.RekorV2], TimestampAuthorities = authorities };

    private SignOptions Stamped(Func<byte[], byte[]> change) => Only(Sigstore.TimestampAuthority) with
    {
        Bundle = b =>
        {
            var stamp = b["verificationMaterial"]!["timestampVerificationData"]!["rfc3161Timestamps"]![0]!;
            stamp["signedTimestamp"] = Convert.ToBase64String(change(Convert.FromBase64String((string)stamp["signedTimestamp"]!)));
        },
    };

    /// <summary>One that the trusted root knows.</summary>
    private MockTimestampAuthority Authority(TimestampFault fault = TimestampFault.None, bool embeds = true, bool listsSigner = true, HashAlgorithmName? imprint = null)
    {
        var authority = new MockTimestampAuthority("tsa2." + Sigstore.Name, Sigstore.Now.AddYears(-1), Sigstore.Now.AddYears(1))
        {
            Fault = fault,
            EmbedsCertificate = embeds,
            ListsSigner = listsSigner,
            Imprint = imprint ?? HashAlgorithmName.SHA256,
        };
        Sigstore.FurtherTimestampAuthorities.Add(authority);
        return authority;
    }
}
