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
    public void Parse_DatabaseOfTheEnvironment_IsPostgres()
    {
        var options = PortalOptions.Parse([], name => name == "SECFLOW_DATABASE" ? "Host=db;Username=u;Password=p;Database=secflow" : null);

        options.Database!.Kind.ShouldBe(SecFlow.Data.DatabaseKind.Postgres);
        options.Database.ConnectionString.ShouldContain("secflow");
        PortalOptions.Parse([], _ => null).Database.ShouldBeNull();
    }

    [Theory]
    [InlineData("Host=db;Password=hunter2hunter2")]
    [InlineData("Data Source=x.db;Password=hunter2hunter2")]
    [InlineData("postgres://u:hunter2hunter2@db/secflow")]
    [InlineData("Host=db;Database=x;Port=hunter2hunter2")]
    public void Parse_DatabaseThatIsNone_IsRefusedWithoutItsSecret(string value)
    {
        var error = Should.Throw<SecFlowException>(() => PortalOptions.Parse([], name => name == "SECFLOW_DATABASE" ? value : null));

        error.Code.ShouldBe(Codes.OptionInvalid);
        error.Message.ShouldContain("SECFLOW_DATABASE");
        error.Message.ShouldNotContain("hunter2");
    }

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
