using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal.Tests;

public sealed class PortalOptionsTests
{
    [Fact]
    public void Parse_Nothing_ListensOnThisMachineOnly()
    {
        var options = Parse();

        options.ShouldSatisfyAllConditions(
            () => options.Port.ShouldBe(8080),
            () => options.Listen.ShouldBe("127.0.0.1"),
            () => options.DataFolder.ShouldBe("./data"),
            () => options.Demo.ShouldBeTrue(),
            () => options.Role.ShouldBe(PortalRole.All),
            () => options.DemoTarget.ShouldBeNull(),
            () => options.AdminPassword.ShouldBeNull());
    }

    [Fact]
    public void Parse_EveryOption_IsTaken()
    {
        var options = Parse("--port", "9000", "--listen=0.0.0.0", "--data", "/srv/secflow", "--no-demo", "--role", "worker", "--demo-target=http://127.0.0.1:20001");

        options.ShouldSatisfyAllConditions(
            () => options.Port.ShouldBe(9000),
            () => options.Listen.ShouldBe("0.0.0.0"),
            () => options.DataFolder.ShouldBe("/srv/secflow"),
            () => options.Demo.ShouldBeFalse(),
            () => options.Role.ShouldBe(PortalRole.Worker),
            () => options.DemoTarget.ShouldBe("http://127.0.0.1:20001"));
    }

    [Theory]
    [InlineData("--port", "65536")]
    [InlineData("--port", "-1")]
    [InlineData("--port", "http")]
    [InlineData("--port", "")]
    [InlineData("--listen", "example.org")]
    [InlineData("--role", "2")]
    [InlineData("--role", "boss")]
    [InlineData("--demo-target", "ftp://x/")]
    public void Parse_WrongValue_NamesOptionAndValue(string option, string value)
    {
        var problem = Should.Throw<SecFlowException>(() => Parse(option, value)).Diagnostics[0];

        problem.Code.ShouldBe(Codes.OptionInvalid);
        problem.Message.ShouldContain(option);
        problem.Message.ShouldContain(value);
    }

    [Fact]
    public void Parse_SeveralProblems_TellsAll() =>
        Should.Throw<SecFlowException>(() => Parse("--port", "x", "--role", "y", "--data")).Diagnostics.Count.ShouldBe(3);

    [Fact]
    public void Parse_ShortAdminPassword_IsRefused() =>
        Should.Throw<SecFlowException>(() => PortalOptions.Parse([], name => name == "SECFLOW_ADMIN_PASSWORD" ? "short" : null)).Message.ShouldContain("12 characters");

    [Fact]
    public async Task Run_WithWrongOptions_EndsWithCode2()
    {
        await using var app = PortalApp.Create(["--port", "x"]);

        (await app.RunAsync()).ShouldBe(2);
    }

    private static PortalOptions Parse(params string[] args) => PortalOptions.Parse(args, _ => null);
}
