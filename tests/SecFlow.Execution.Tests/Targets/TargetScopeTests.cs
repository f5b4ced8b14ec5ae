using System.Net;
using System.Net.Sockets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Targets;

public sealed class TargetScopeTests
{
    private static readonly Dictionary<string, string[]> Names = new(StringComparer.Ordinal)
    {
        ["shop.example"] = ["203.0.113.10", "203.0.113.11"],
        ["mixed.example"] = ["203.0.113.10", "10.0.0.5"],
        ["inside.example"] = ["10.0.0.5"],
        ["here.example"] = ["127.0.0.1", "::1"],
        ["meta.example"] = ["169.254.169.254"],
        ["mapped.example"] = ["::ffff:127.0.0.1"],
        ["xn--bcher-kva.example"] = ["203.0.113.20"],
        ["zero.example"] = ["0.0.0.0"],
    };

    [Theory]
    [InlineData("http://shop.example/", "http://shop.example/a?b=c#d")]
    [InlineData("http://shop.example/", "https://shop.example:80/")]
    [InlineData("http://shop.example/", "http://SHOP.Example./")]
    [InlineData("http://shop.example:8443/", "https://shop.example:8443/")]
    [InlineData("http://127.0.0.1:8080/", "http://127.0.0.1:8080/")]
    [InlineData("http://127.0.0.1:8080/", "http://2130706433:8080/")]
    [InlineData("http://127.0.0.1:8080/", "http://0x7f.0.0.1:8080/")]
    [InlineData("http://127.0.0.1:8080/", "http://0177.0.0.1:8080/")]
    [InlineData("http://127.0.0.1:8080/", "http://127.1:8080/")]
    [InlineData("http://127.0.0.1:8080/", "http://[::ffff:127.0.0.1]:8080/")]
    [InlineData("http://[::1]:8080/", "http://[0:0:0:0:0:0:0:1]:8080/")]
    [InlineData("http://bücher.example/", "http://xn--bcher-kva.example/")]
    [InlineData("http://xn--bcher-kva.example/", "http://BÜCHER.example/")]
    public async Task Check_TheSamePlaceInAnotherSpelling_IsInScope(string target, string url)
    {
        var scope = await Scopes.PinAsync([Scopes.Url(target)], Names);

        var answer = scope.Check(new Uri(url));

        answer.Refusal.ShouldBeNull();
        answer.Addresses.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("http://shop.example/", "http://shop.example:8080/")]
    [InlineData("http://shop.example/", "https://shop.example/")]
    [InlineData("http://shop.example/", "http://evil.example/")]
    [InlineData("http://shop.example/", "http://shop.example.evil.example/")]
    [InlineData("http://shop.example/", "http://evil.example/shop.example")]
    [InlineData("http://shop.example/", "http://a.shop.example/")]
    [InlineData("http://shop.example/", "http://203.0.113.10/")]
    [InlineData("http://shop.example/", "http://shop.example@evil.example/")]
    [InlineData("http://shop.example/", "http://user:pw@shop.example/")]
    [InlineData("http://shop.example/", "http://evil.example#@shop.example/")]
    [InlineData("http://shop.example/", "ftp://shop.example/")]
    [InlineData("http://shop.example/", "file:///etc/passwd")]
    [InlineData("http://127.0.0.1:8080/", "http://127.0.0.2:8080/")]
    [InlineData("http://127.0.0.1:8080/", "http://[::1]:8080/")]
    [InlineData("http://127.0.0.1:8080/", "http://localhost:8080/")]
    [InlineData("http://[fe80::1]/", "http://[fe80::1%25eth0]/")]
    public async Task Check_AnotherPlace_IsOutOfScopeWithARemedy(string target, string url)
    {
        var scope = await Scopes.PinAsync([Scopes.Url(target)], Names);

        var answer = scope.Check(new Uri(url));

        answer.Target.ShouldBeNull();
        answer.Refusal!.Code.ShouldBe(Codes.OutOfScope);
        answer.Refusal.Rule!.ShouldStartWith("scope.");
        answer.Refusal.Remedy.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task Check_RelativeUrl_IsOutOfScope() =>
        (await Scopes.PinAsync(Scopes.Url("http://127.0.0.1/"))).Check(new Uri("/x", UriKind.Relative)).Refusal!.Code.ShouldBe(Codes.OutOfScope);

    [Theory]
    [InlineData("inside.example", null)]
    [InlineData("inside.example", "10.0.0.6")]
    [InlineData("here.example", "127.0.0.2")]
    [InlineData("mapped.example", null)]
    [InlineData("meta.example", null)]
    [InlineData("meta.example", "169.254.169.254")]
    [InlineData("zero.example", "0.0.0.0")]
    public async Task Check_NameThatResolvesToAnAddressItWasNotApprovedFor_IsForbidden(string name, string? approved)
    {
        var scope = await Scopes.PinAsync([Scopes.Host(name, approved)], Names);

        scope.Check(new Uri($"http://{name}/")).Refusal!.Code.ShouldBe(Codes.AddressForbidden);
    }

    [Theory]
    [InlineData("inside.example", "10.0.0.5", "10.0.0.5")]
    [InlineData("here.example", "127.0.0.1", "127.0.0.1")]
    [InlineData("here.example", "::1", "::1")]
    [InlineData("mapped.example", "127.0.0.1", "127.0.0.1")]
    [InlineData("mixed.example", null, "203.0.113.10")]
    [InlineData("shop.example", null, "203.0.113.10 203.0.113.11")]
    public async Task Check_ApprovedAddress_OnlyThatIsPinned(string name, string? approved, string expected)
    {
        var scope = await Scopes.PinAsync([Scopes.Host(name, approved)], Names);

        string.Join(' ', scope.Check(new Uri($"http://{name}/")).Addresses).ShouldBe(expected);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("::")]
    [InlineData("ff02::1")]
    public async Task Check_AddressThatIsNoHost_IsForbiddenEvenWhenItIsTheValue(string address)
    {
        var scope = await Scopes.PinAsync(Scopes.Host(address));

        var url = address.Contains(':', StringComparison.Ordinal) ? $"http://[{address}]/" : $"http://{address}/";
        scope.Check(new Uri(url)).Refusal!.Code.ShouldBe(Codes.AddressForbidden);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("127.0.0.0/8", "127.0.0.1", true)]
    [InlineData("203.0.113.0/24", "203.0.113.9", true)]
    [InlineData("169.254.169.254/32", "169.254.169.254", true)]
    [InlineData("0.0.0.0/0", "203.0.113.9", true)]
    [InlineData("0.0.0.0/0", "10.1.2.3", false)]
    [InlineData("0.0.0.0/0", "127.0.0.1", false)]
    [InlineData("0.0.0.0/0", "169.254.169.254", false)]
    [InlineData("169.254.0.0/16", "169.254.169.254", false)]
    [InlineData("100.64.0.0/10", "100.100.100.200", false)]
    [InlineData("fd00::/8", "fd00:ec2::254", false)]
    [InlineData("::/0", "::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::/96", "64:ff9b::7f00:1", false)]
    public async Task Check_Network_ApprovesSpecialAddressesOnlyOnPurpose(string network, string address, bool allowed)
    {
        var scope = await Scopes.PinAsync(Scopes.Cidr(network));

        var url = address.Contains(':', StringComparison.Ordinal) ? $"http://[{address}]/" : $"http://{address}/";
        (scope.Check(new Uri(url)).Refusal is null).ShouldBe(allowed);
    }

    [Fact]
    public async Task Check_NameInsideAnApprovedNetwork_IsOutOfScope()
    {
        var scope = await Scopes.PinAsync([Scopes.Cidr("203.0.113.0/24")], Names);

        scope.Check(new Uri("http://shop.example/")).Refusal!.Code.ShouldBe(Codes.OutOfScope);
    }

    [Fact]
    public async Task Check_ListedPorts_AreTheOnlyOnes()
    {
        var scope = await Scopes.PinAsync([Scopes.Host("shop.example", null, 80, 8443), Scopes.Url("http://inside.example/", "10.0.0.5", 9000)], Names);

        scope.Check(new Uri("https://shop.example:8443/")).Refusal.ShouldBeNull();
        scope.Check(new Uri("https://shop.example/")).Refusal.ShouldNotBeNull();
        scope.Check(new Uri("http://inside.example:9000/")).Refusal.ShouldBeNull();
        scope.Check(new Uri("http://inside.example:9001/")).Refusal.ShouldNotBeNull();
    }

    [Fact]
    public async Task Check_OwnPort_NeedsAUrlOfItsOwn()
    {
        var byHost = await Scopes.PinAsync([Scopes.Host("127.0.0.1")], Names, null, 8080);
        var byUrl = await Scopes.PinAsync([Scopes.Url("http://127.0.0.1:8080/")], Names, null, 8080);

        byHost.Check(new Uri("http://127.0.0.1:8080/")).Refusal!.Rule.ShouldBe("scope.own-port");
        byHost.Check(new Uri("http://127.0.0.1:8081/")).Refusal.ShouldBeNull();
        byUrl.Check(new Uri("http://127.0.0.1:8080/")).Refusal.ShouldBeNull();
    }

    [Fact]
    public async Task Check_OwnPortAtAPublicAddressOfThisMachine_NeedsAUrlOfItsOwn()
    {
        var names = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["portal.example"] = ["203.0.113.10"], ["other.example"] = ["203.0.113.11"] };
        var scope = await Scopes.PinAsync([Scopes.Host("portal.example"), Scopes.Host("other.example")], names, [IPAddress.Parse("203.0.113.10")], null, 8080);

        scope.Check(new Uri("http://portal.example:8080/")).Refusal!.Rule.ShouldBe("scope.own-port");
        scope.Check(new Uri("http://portal.example/")).Refusal.ShouldBeNull();
        scope.Check(new Uri("http://other.example:8080/")).Refusal.ShouldBeNull();
    }

    [Fact]
    public void OwnAddresses_HoldTheLoopbackInterface_AndNobodyElses()
    {
        OwnPorts.Addresses().ShouldContain(IPAddress.Loopback);
        OwnPorts.Addresses().ShouldNotContain(IPAddress.Parse("203.0.113.10"));
    }

    [Fact]
    public async Task Pin_ThisProcessListens_ItsPortIsFound()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var scope = await TargetScope.PinAsync([Scopes.Host("127.0.0.1")], TimeProvider.System, CancellationToken.None);

        scope.Check(new Uri($"http://127.0.0.1:{port}/")).Refusal!.Rule.ShouldBe("scope.own-port");
    }

    [Fact]
    public async Task Check_OutsideTheAuthorisation_IsRefusedAlthoughInScope()
    {
        var now = TimeProvider.System.GetUtcNow();
        var target = Scopes.Url("http://127.0.0.1:8080/");
        var ended = await Scopes.PinAsync(target with { AuthorisedUntil = now.AddSeconds(-1) });
        var later = await Scopes.PinAsync(target with { AuthorisedFrom = now.AddHours(1) });

        ended.Check(new Uri("http://127.0.0.1:8080/")).Refusal!.Code.ShouldBe(Codes.AuthorisationLapsed);
        later.Check(new Uri("http://127.0.0.1:8080/")).Refusal!.Code.ShouldBe(Codes.AuthorisationLapsed);
    }

    [Fact]
    public async Task Pin_NameThatDoesNotResolve_StaysWithoutAddresses()
    {
        var scope = await Scopes.PinAsync([Scopes.Host("gone.example")], Names);

        var answer = scope.Check(new Uri("http://gone.example/"));

        answer.Target.ShouldNotBeNull();
        answer.Addresses.ShouldBeEmpty();
    }

    [Fact]
    public async Task Pin_NameThatChangesLater_KeepsItsFirstAddresses()
    {
        var names = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["shop.example"] = ["203.0.113.10"] };
        var scope = await Scopes.PinAsync([Scopes.Host("shop.example")], names);
        names["shop.example"] = ["127.0.0.1"];

        scope.Check(new Uri("http://shop.example/")).Addresses.ShouldBe([IPAddress.Parse("203.0.113.10")]);
    }
}
