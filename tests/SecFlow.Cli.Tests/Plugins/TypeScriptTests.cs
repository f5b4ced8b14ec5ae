namespace SecFlow.Cli.Tests.Plugins;

/// <summary>The author's bench on TypeScript, with the compiler that plugins-js has restored, in the sandbox.</summary>
public sealed class TypeScriptTests : IDisposable
{
    private readonly CliFolder _folder = new();

    private string Plugin => _folder.At("scan.typed");

    [FactWithCompiler]
    public async Task New_TypeScript_BuildsLintsAndPassesItsTests_AndErrorsPointAtTheSource()
    {
        (await CliRun.OfAsync("plugin", "new", "scan.typed", "--dir", Plugin)).Code.ShouldBe(0);
        LinkCompiler();
        (await CliRun.OfAsync("plugin", "test", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Error.ShouldContain("secflow plugin build"));

        (await CliRun.OfAsync("plugin", "build", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(0, r.Out + r.Error));
        (await CliRun.OfAsync("plugin", "lint", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(0, r.Out));
        (await CliRun.OfAsync("plugin", "test", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(0, r.Out));
        File.ReadAllText(Path.Combine(Plugin, "index.js")).ShouldNotContain("sourceMappingURL");

        // line 17 of the source, another one of the script
        Change("const header = (", "(ctx as any).nothing.here(); const header = (");
        (await CliRun.OfAsync("plugin", "lint", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Out.ShouldContain("is not the build of these sources"));
        (await CliRun.OfAsync("plugin", "build", Plugin)).Code.ShouldBe(0);
        (await CliRun.OfAsync("plugin", "test", Plugin)).Out.ShouldContain("index.ts:14:");
        (await CliRun.OfAsync("plugin", "dev", Plugin, "--target", "http://127.0.0.1:9/", "--once")).Error.ShouldContain("index.ts:14:");
    }

    [FactWithCompiler]
    public async Task Build_TypeError_IsNamedWithItsPlace_AndWritesNothing()
    {
        (await CliRun.OfAsync("plugin", "new", "scan.typed", "--dir", Plugin)).Code.ShouldBe(0);
        LinkCompiler();
        Change("severity: \"low\"", "severity: \"lowish\"");
        var run = await CliRun.OfAsync("plugin", "build", Plugin);
        run.Code.ShouldBe(1);
        run.Out.ShouldContain("index.ts:33:11: TS2322: Type '\"lowish\"' is not assignable");
        File.Exists(Path.Combine(Plugin, "index.js")).ShouldBeFalse();
    }

    [FactWithCompiler]
    public async Task Build_SettingsThatLeadOut_ReachNothing()
    {
        (await CliRun.OfAsync("plugin", "new", "scan.typed", "--dir", Plugin)).Code.ShouldBe(0);
        LinkCompiler();
        File.WriteAllText(Path.Combine(Plugin, "tsconfig.json"), """{ "extends": "../../etc/tsconfig.json", "compilerOptions": { "outFile": "/etc/evil.js" }, "files": ["secflow.d.ts", "/etc/passwd.ts", "index.ts"] }""");
        var run = await CliRun.OfAsync("plugin", "build", Plugin);
        run.Code.ShouldBe(1);
        run.Out.ShouldContain("TS");
    }

    [Fact]
    public async Task Build_WithoutACompiler_SaysHowToGetIt()
    {
        (await CliRun.OfAsync("plugin", "new", "scan.typed", "--dir", Plugin)).Code.ShouldBe(0);
        if (Environment.GetEnvironmentVariable("SECFLOW_TSC") is { Length: > 0 })
        {
            return;
        }

        var run = await CliRun.OfAsync("plugin", "build", Plugin);
        run.Code.ShouldBe(4);
        run.Error.ShouldContain("SF5001");
        run.Error.ShouldMatch("npm install|--js");
    }

    public void Dispose() => _folder.Dispose();

    private void LinkCompiler()
    {
        Directory.CreateDirectory(Path.Combine(Plugin, "node_modules"));
        Directory.CreateSymbolicLink(Path.Combine(Plugin, "node_modules", "typescript"), FactWithCompilerAttribute.Compiler);
    }

    private void Change(string before, string after)
    {
        var file = Path.Combine(Plugin, "index.ts");
        var text = File.ReadAllText(file);
        text.ShouldContain(before);
        File.WriteAllText(file, text.Replace(before, after, StringComparison.Ordinal));
    }
}

/// <summary>A fact that needs Node and the compiler of plugins-js; where they are missing it is skipped and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithCompilerAttribute : FactAttribute
{
    public FactWithCompilerAttribute()
    {
        if (!Directory.Exists(Compiler))
        {
            Skip = "plugins-js/node_modules/typescript is not there.";
        }
        else if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "node"))))
        {
            Skip = "node is not on PATH.";
        }
    }

    public static string Compiler { get; } = Path.Combine(CliFolder.Repository, "plugins-js", "node_modules", "typescript");
}
