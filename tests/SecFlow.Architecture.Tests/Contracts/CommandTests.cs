using System.Text.RegularExpressions;
using SecFlow.Architecture.Tests.Imports;
using SecFlow.Cli;

namespace SecFlow.Architecture.Tests.Contracts;

/// <summary>The command line has the commands and options of its contract, and the pages name none that it has not.</summary>
[Trait("Gate", "contracts")]
public sealed partial class CommandTests
{
    [Theory]
    [InlineData("workflow validate", "<FILE>")]
    [InlineData("workflow plan", "<FILE>", "--target", "--set", "--format", "--data")]
    [InlineData("workflow run", "<FILE>", "--target", "--set", "--format", "--fail-on", "--data")]
    [InlineData("plugin list", "--format")]
    [InlineData("plugin exec", "<FILE>", "--format")]
    [InlineData("plugin new", "<ID>", "--js", "--dir")]
    [InlineData("plugin build", "<DIR>")]
    [InlineData("plugin lint", "<DIR>")]
    [InlineData("plugin test", "<DIR>", "--update")]
    [InlineData("plugin dev", "<DIR>", "--target", "--once")]
    [InlineData("plugin record", "<DIR>", "--target", "--fixture")]
    [InlineData("plugin key new", "--out", "--plugin")]
    [InlineData("plugin install", "<PACKAGE>", "--data")]
    [InlineData("plugin parse", "<ID>", "<FILE>", "--format")]
    [InlineData("plugin pack", "<FOLDER>")]
    [InlineData("plugin sign", "<PACKAGE>", "--key")]
    [InlineData("plugin verify", "<PACKAGE>", "--key", "--policy")]
    [InlineData("audit verify", "--data")]
    [InlineData("doctor", "--data")]
    public async Task Command_HasItsOptions(string command, params string[] words)
    {
        var help = await HelpAsync(command.Split(' '));
        foreach (var word in words)
        {
            help.ShouldContain(word);
        }
    }

    [Fact]
    public async Task CommandsInPages_Exist()
    {
        var pages = Directory.GetFiles(Path.Combine(BorderTests.Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(BorderTests.Root, "README.md"));
        foreach (var command in pages.SelectMany(p => Called().Matches(File.ReadAllText(p))).Select(m => m.Groups["command"].Value.Trim()).Distinct(StringComparer.Ordinal))
        {
            (await HelpAsync(command.Split(' '))).ShouldContain("secflow " + command);
        }
    }

    private static async Task<string> HelpAsync(string[] command)
    {
        await using var stdout = new StringWriter();
        await using var stderr = new StringWriter();
        (await CliApp.RunAsync([.. command, "--help"], stdout, stderr)).ShouldBe(0, $"secflow {string.Join(' ', command)}: {stderr}");
        return stdout.ToString();
    }

    [GeneratedRegex(@"\./secflow (?<command>(workflow|plugin|audit) [a-z]+|doctor)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Called();
}
