using System.Reflection;
using System.Text.RegularExpressions;
using SecFlow.Architecture.Tests.Imports;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Architecture.Tests.Contracts;

/// <summary>Codes.cs and docs/diagnostics.md say the same.</summary>
[Trait("Gate", "contracts")]
public sealed partial class DiagnosticsTests
{
    private static readonly string[] Codes = [.. typeof(Codes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!)];

    [Fact]
    public void Codes_AreWellFormedAndUnique()
    {
        Codes.ShouldAllBe(c => Shape().IsMatch(c));
        Codes.ShouldBeUnique();
    }

    [Fact]
    public void EveryCode_IsExplainedOnce_WithMeaningAndRemedy()
    {
        var rows = Row().Matches(File.ReadAllText(Path.Combine(BorderTests.Root, "docs", "diagnostics.md")));
        rows.Select(r => r.Groups["code"].Value).Order(StringComparer.Ordinal).ShouldBe(Codes.Order(StringComparer.Ordinal));
        rows.ShouldAllBe(r => r.Groups["meaning"].Value.Trim().Length > 0 && r.Groups["remedy"].Value.Trim().Length > 0);
    }

    [Theory]
    [InlineData(1, "Input")]
    [InlineData(2, "Trust")]
    [InlineData(3, "Policy")]
    [InlineData(4, "Sandbox")]
    [InlineData(5, "Tool or target")]
    [InlineData(6, "Plugin")]
    [InlineData(7, "Infrastructure")]
    public void Category_HasItsSection(int category, string heading)
    {
        var text = File.ReadAllText(Path.Combine(BorderTests.Root, "docs", "diagnostics.md"));
        var section = text.Split($"\n## {heading}\n")[1].Split("\n## ")[0];
        Row().Matches(section).ShouldAllBe(r => r.Groups["code"].Value[2] - '0' == category);
    }

    [GeneratedRegex("^SF[1-7][0-9]{3}$", RegexOptions.None, 1000)]
    private static partial Regex Shape();

    [GeneratedRegex(@"^\| (?<code>SF\d{4}) \|(?<meaning>[^|]+)\|(?<remedy>[^|]+)\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
