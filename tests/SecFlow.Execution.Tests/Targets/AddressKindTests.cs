using System.Net;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Targets;

public sealed class AddressKindTests
{
    [Theory]
    [InlineData("192.0.2.7", AddressKind.Public)]
    [InlineData("2001:db8::1", AddressKind.Public)]
    [InlineData("172.15.255.255", AddressKind.Public)]
    [InlineData("172.32.0.0", AddressKind.Public)]
    [InlineData("10.0.0.1", AddressKind.Private)]
    [InlineData("172.16.0.1", AddressKind.Private)]
    [InlineData("172.31.255.255", AddressKind.Private)]
    [InlineData("192.168.1.1", AddressKind.Private)]
    [InlineData("100.64.0.1", AddressKind.Private)]
    [InlineData("fd00::1", AddressKind.Private)]
    [InlineData("127.0.0.1", AddressKind.Loopback)]
    [InlineData("127.255.0.9", AddressKind.Loopback)]
    [InlineData("::1", AddressKind.Loopback)]
    [InlineData("::ffff:127.0.0.1", AddressKind.Loopback)]
    [InlineData("64:ff9b::7f00:1", AddressKind.Loopback)]
    [InlineData("2002:7f00:1::", AddressKind.Loopback)]
    [InlineData("::127.0.0.1", AddressKind.Loopback)]
    [InlineData("64:ff9b::a9fe:a9fe", AddressKind.OwnTargetOnly)]
    [InlineData("64:ff9b:1::7f00:1", AddressKind.OwnTargetOnly)]
    [InlineData("64:ff9b:1:a9fe:a9:fe00::", AddressKind.OwnTargetOnly)]
    [InlineData("2001:0:4136:e378:8000:63bf:5601:5601", AddressKind.OwnTargetOnly)] // Teredo of 169.254.169.254
    [InlineData("2001:0:4136:e378:8000:63bf:80ff:fffe", AddressKind.Loopback)] // Teredo of 127.0.0.1
    [InlineData("2001:db8::5efe:a9fe:a9fe", AddressKind.OwnTargetOnly)] // ISATAP
    [InlineData("2001:db8::200:5efe:7f00:1", AddressKind.Loopback)]
    [InlineData("2001:db8::5efe:c633:6401", AddressKind.Public)]
    [InlineData("169.254.169.254", AddressKind.OwnTargetOnly)]
    [InlineData("fe80::1", AddressKind.OwnTargetOnly)]
    [InlineData("fd00:ec2::254", AddressKind.OwnTargetOnly)]
    [InlineData("100.100.100.200", AddressKind.OwnTargetOnly)]
    [InlineData("0.0.0.0", AddressKind.Never)]
    [InlineData("::", AddressKind.Never)]
    [InlineData("224.0.0.1", AddressKind.Never)]
    [InlineData("255.255.255.255", AddressKind.Never)]
    [InlineData("ff02::1", AddressKind.Never)]
    public void Of_Address_IsItsKind(string address, AddressKind expected) => AddressKinds.Of(IPAddress.Parse(address)).ShouldBe(expected);
}
