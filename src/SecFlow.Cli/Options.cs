using System.CommandLine;

namespace SecFlow.Cli;

/// <summary>Options that several commands have, spelled once.</summary>
internal static class Options
{
    /// <summary>Data folder of the command line's own installation, unless `--data` names another.</summary>
    public static string DefaultData =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } home ? home : Path.GetTempPath(), "secflow");

    public static Option<string> Data() => new("--data") { Description = "Data folder (default: secflow in the user's local data folder).", DefaultValueFactory = _ => DefaultData, HelpName = "DIR" };

    public static Option<string> Format(params string[] values)
    {
        var option = new Option<string>("--format") { Description = "Output format.", DefaultValueFactory = _ => values[0] };
        return option.AcceptOnlyFromAmong(values);
    }

    public static Option<string> Target(string description) => new("--target") { Description = description, Required = true, HelpName = "T" };

    public static Option<string[]> Set() => new("--set") { Description = "Value of a recipe parameter; may be repeated.", HelpName = "k=v", DefaultValueFactory = _ => [] };

    public static Argument<FileInfo> File(string name, string description) => new Argument<FileInfo>(name) { Description = description }.AcceptExistingOnly();
}
