using System.Net;
using System.Net.Sockets;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Targets;

public sealed class TargetServiceTests
{
    [DatabaseData]
    public async Task Add_Valid_IsStoredWithWhoAuthorisedIt(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var (service, admin) = await NewAsync(test);

        var row = await service.AddAsync(admin, Valid("  shop "), default);

        var stored = (await service.ListAsync(admin, default)).ShouldHaveSingleItem();
        (stored.Id, stored.Name, stored.Value, stored.AuthorisedBy, stored.AuthorisedFrom).ShouldBe((row.Id, "shop", "https://app.example/", "ada", test.Database.Time.GetUtcNow()));
        (await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(admin, Valid("shop"), default))).Code.ShouldBe(Codes.Conflict);
    }

    [DatabaseData]
    public async Task Archive_OwnForeignAndMissing_OnlyOwnIsArchived(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var (service, admin) = await NewAsync(test);
        var row = await service.AddAsync(admin, Valid(), default);
        var stranger = admin with { TeamId = Guid.NewGuid() };

        (await Should.ThrowAsync<SecFlowException>(() => service.ArchiveAsync(stranger, row.Id, default))).Code.ShouldBe(Codes.NotFound);
        await service.ArchiveAsync(admin, row.Id, default);

        (await Should.ThrowAsync<SecFlowException>(() => service.ArchiveAsync(admin, row.Id, default))).Code.ShouldBe(Codes.NotFound);
        (await service.ListAsync(admin, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Add_Analyst_IsRefused()
    {
        await using var test = await TestDatabase.CreateAsync();
        var (service, admin) = await NewAsync(test);

        (await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(admin with { Role = TeamRole.Analyst }, Valid(), default))).Code.ShouldBe(Codes.RoleMissing);
    }

    [Theory]
    [InlineData(TargetKind.Url, "HTTPS://App.Example:443", "https://app.example/")]
    [InlineData(TargetKind.Url, "http://app.example.:8080/a/../b", "http://app.example:8080/b")]
    [InlineData(TargetKind.Url, "https://bücher.example/", "https://xn--bcher-kva.example/")]
    [InlineData(TargetKind.Url, "https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x")]
    [InlineData(TargetKind.Host, "Bücher.Example.", "xn--bcher-kva.example")]
    [InlineData(TargetKind.Host, "192.0.2.7", "192.0.2.7")]
    [InlineData(TargetKind.Host, "[2001:DB8:0::1]", "2001:db8::1")]
    [InlineData(TargetKind.Host, "::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData(TargetKind.Cidr, "192.0.2.0/24", "192.0.2.0/24")]
    [InlineData(TargetKind.Cidr, "2001:db8::/112", "2001:db8::/112")]
    [InlineData(TargetKind.Cidr, "192.0.2.7/32", "192.0.2.7/32")]
    public async Task Validate_Value_GetsItsOneSpelling(TargetKind kind, string typed, string expected) =>
        (await Validation().ValidateAsync(Valid() with { Kind = kind, Value = typed }, Guid.Empty, default)).Value.ShouldBe(expected);

    [Theory]
    [InlineData(TargetKind.Url, "", "empty")]
    [InlineData(TargetKind.Url, "app.example", "not a url")]
    [InlineData(TargetKind.Url, "ftp://app.example/", "not a url")]
    [InlineData(TargetKind.Url, "javascript:alert(1)", "not a url")]
    [InlineData(TargetKind.Url, "file:///etc/passwd", "not a url")]
    [InlineData(TargetKind.Url, "https://ada:secret@app.example/", "user name")]
    [InlineData(TargetKind.Url, "https://app.example@evil.example/", "user name")]
    [InlineData(TargetKind.Url, "https://app.example/#top", "fragment")]
    [InlineData(TargetKind.Url, "https://app.example/?q=1", "query")]
    [InlineData(TargetKind.Url, "https://app.example\\@evil.example/", "backslash")]
    [InlineData(TargetKind.Url, "https://app.example/a b", "white space")]
    [InlineData(TargetKind.Url, "https://app.example/\r\nHost: evil.example", "control")]
    [InlineData(TargetKind.Url, "https://app\u200b.example/", "invisible")]
    [InlineData(TargetKind.Url, "https://app.example:0/", "port")]
    [InlineData(TargetKind.Url, "https://app.example:99999/", "not a url")]
    [InlineData(TargetKind.Url, "http://2130706433/", "unusual form")]
    [InlineData(TargetKind.Url, "http://0x7f.0.0.1/", "unusual form")]
    [InlineData(TargetKind.Url, "http://127.1/", "unusual form")]
    [InlineData(TargetKind.Url, "http://010.0.0.1/", "unusual form")]
    [InlineData(TargetKind.Url, "http://-bad-.example/", "not a")]
    [InlineData(TargetKind.Host, "https://app.example", "more than a host")]
    [InlineData(TargetKind.Host, "app.example/path", "more than a host")]
    [InlineData(TargetKind.Host, "app.example:8080", "names a port")]
    [InlineData(TargetKind.Host, "fe80::1%eth0", "unusual form")]
    [InlineData(TargetKind.Host, "a b", "not a host name")]
    [InlineData(TargetKind.Host, "-x.example", "not a host name")]
    [InlineData(TargetKind.Host, "a..b", "not a host name")]
    [InlineData(TargetKind.Host, "*.example", "not a host name")]
    [InlineData(TargetKind.Cidr, "192.0.2.7", "not a network")]
    [InlineData(TargetKind.Cidr, "192.0.2.7/24", "Did you mean 192.0.2.0/24")]
    [InlineData(TargetKind.Cidr, "0.0.0.0/0", "more than 65,536")]
    [InlineData(TargetKind.Cidr, "2001:db8::/64", "more than 65,536")]
    [InlineData(TargetKind.Cidr, "192.0.2.0/33", "not a network")]
    [InlineData(TargetKind.Cidr, "192.0.2.0/-1", "not a network")]
    [InlineData(TargetKind.Cidr, "app.example/24", "not a network")]
    [InlineData(TargetKind.Folder, "srv/app", "absolute")]
    [InlineData(TargetKind.Folder, "/srv/../etc", "absolute")]
    [InlineData(TargetKind.Folder, "/", "belongs to the system")]
    [InlineData(TargetKind.Folder, "/proc/self", "belongs to the system")]
    [InlineData(TargetKind.Folder, "/data/keys", "belongs to the system")]
    [InlineData(TargetKind.Folder, "/no/such/folder", "does not exist")]
    [InlineData((TargetKind)99, "x", "not a kind")]
    public async Task Validate_BadValue_SaysWhatIsWrong(TargetKind kind, string value, string expected)
    {
        var error = await Should.ThrowAsync<SecFlowException>(() => Validation().ValidateAsync(Valid() with { Kind = kind, Value = value }, Guid.Empty, default));

        error.Code.ShouldBe(Codes.TargetInvalid);
        error.Message.ShouldContain(expected);
        error.Message.ShouldNotContain("secret");
    }

    [Fact]
    public async Task Validate_EverythingWrong_IsSaidAtOnce()
    {
        var request = new NewTarget("", TargetKind.Url, "ftp://x", "ab", new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero))
        {
            RequestsPerSecond = 0,
            Ports = "80 99999 x",
            Tags = "ok <script>",
            MaxIntrusiveness = (Intrusiveness)42,
        };

        var error = await Should.ThrowAsync<SecFlowException>(() => Validation().ValidateAsync(request, Guid.Empty, default));

        error.Diagnostics.Select(problem => problem.Path).ShouldBe(
            ["name", "authorisationReference", "authorisedUntil", "maxIntrusiveness", "requestsPerSecond", "tags", "ports", "ports", "value"], ignoreOrder: true);
        error.Diagnostics.ShouldAllBe(problem => problem.Code == Codes.TargetInvalid && problem.Remedy != null);
    }

    [Fact]
    public async Task Validate_ListsOfPortsAndTags_GetOneSpelling()
    {
        var row = await Validation().ValidateAsync(Valid() with { Ports = "8443, 80;80", Tags = "web,  team:red web" }, Guid.Empty, default);

        row.Ports.ShouldBe("80 8443");
        row.Tags.ShouldBe("web team:red");
    }

    [Theory]
    [InlineData(TargetKind.Url, "http://127.0.0.1:8081/", "loopback")]
    [InlineData(TargetKind.Host, "10.0.0.7", "private")]
    [InlineData(TargetKind.Cidr, "192.168.0.0/24", "private")]
    [InlineData(TargetKind.Host, "169.254.169.254", "link-local or metadata")]
    [InlineData(TargetKind.Url, "http://inside.example/", "private")]
    public async Task Validate_AddressInside_MustBeApproved(TargetKind kind, string value, string word)
    {
        var validation = Validation(("inside.example", ["10.1.2.3"]));

        var error = await Should.ThrowAsync<SecFlowException>(() => validation.ValidateAsync(Valid() with { Kind = kind, Value = value }, Guid.Empty, default));
        var row = await validation.ValidateAsync(Valid() with { Kind = kind, Value = value, PrivateAddressApproved = true }, Guid.Empty, default);

        error.Diagnostics.ShouldHaveSingleItem().Path.ShouldBe("privateAddressApproved");
        error.Message.ShouldContain(word);
        row.ApprovedAddress.ShouldBe(value.Contains("inside", StringComparison.Ordinal) ? "10.1.2.3" : null);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("0.0.0.0")]
    [InlineData("fe80::1")]
    public async Task Validate_NameOfASpecialAddress_IsRefusedAlsoWhenApproved(string address)
    {
        var validation = Validation(("rebind.example", ["192.0.2.1", address]));

        var error = await Should.ThrowAsync<SecFlowException>(
            () => validation.ValidateAsync(Valid() with { Value = "http://rebind.example/", PrivateAddressApproved = true }, Guid.Empty, default));

        error.Message.ShouldContain("never reached through a name");
    }

    [Fact]
    public async Task Validate_NoHostAddress_IsRefusedAlsoWhenApproved() =>
        (await Should.ThrowAsync<SecFlowException>(() => Validation().ValidateAsync(Valid() with { Kind = TargetKind.Host, Value = "224.0.0.1", PrivateAddressApproved = true }, Guid.Empty, default)))
            .Message.ShouldContain("not the address of a host");

    [Fact]
    public async Task Validate_Folder_RealOneIsAcceptedALinkIsNot()
    {
        var folder = Directory.CreateTempSubdirectory("secflow-test-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "app"));
            Directory.CreateSymbolicLink(Path.Combine(folder, "link"), "/etc");

            (await Validation().ValidateAsync(Valid() with { Kind = TargetKind.Folder, Value = folder + "//app/" }, Guid.Empty, default)).Value.ShouldBe(folder + "/app");
            (await Should.ThrowAsync<SecFlowException>(() => Validation().ValidateAsync(Valid() with { Kind = TargetKind.Folder, Value = folder + "/link" }, Guid.Empty, default)))
                .Message.ShouldContain("is a link");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NewTarget Valid(string name = "shop") => new(name, TargetKind.Url, "https://app.example/", "ticket 1", null);

    /// <summary>No test asks a real name server: names have these addresses, others none.</summary>
    private static TargetValidation Validation(params (string Name, string[] Addresses)[] names) => new(
        new TestTime(),
        new TargetFolders("/data", [Path.GetTempPath(), "/no"]),
        (host, _) => names.FirstOrDefault(entry => entry.Name == host).Addresses is { } addresses
            ? Task.FromResult(addresses.Select(IPAddress.Parse).ToArray())
            : throw new SocketException((int)SocketError.HostNotFound));

    private static async Task<(TargetService Service, Actor Admin)> NewAsync(TestDatabase test)
    {
        var team = await new TeamStore(test.Database).CreateAsync(Actor.System(), "payments", "Payments");
        var audit = new AuditLog(test.Database, AuditFiles.In(test.Folder));
        var service = new TargetService(new TargetStore(test.Database), new Access(audit, new OwnerStore(test.Database)), Validation(), test.Database.Time);
        return (service, new Actor(ActorKind.User, "u-1", "ada", team.Id, TeamRole.Admin));
    }
}
