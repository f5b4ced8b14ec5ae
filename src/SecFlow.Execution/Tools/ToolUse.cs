using System.Text.Json;
using System.Text.Json.Serialization;

namespace SecFlow.Execution.Tools;

/// <summary>One invocation of a tool, as a node run keeps it. The arguments are told by their digest only: they may hold secrets.</summary>
/// <param name="Name">As the manifest calls it.</param>
/// <param name="Version">As probed; empty when there is no probe.</param>
/// <param name="Digest"><c>sha256:hex</c> of the program's file.</param>
/// <param name="Arguments"><c>sha256:hex</c> of the arguments.</param>
/// <param name="ExitCode">Null when it was killed.</param>
/// <param name="Milliseconds">Wall time.</param>
/// <param name="Limit">Code of the limit that it reached; null = none.</param>
/// <param name="Truncated">Whether not everything that it said was kept.</param>
/// <param name="Accepted">Connections let through; null without a network.</param>
/// <param name="Blocked">Connections refused by the kernel; null without a network, or when nobody could count.</param>
public sealed record ToolUse(string Name, string Version, string Digest, string Arguments, int? ExitCode, long Milliseconds, string? Limit, bool Truncated, long? Accepted, long? Blocked)
{
    /// <summary>Invocations of a node run that are kept one by one.</summary>
    public const int MostKept = 100;

    public static string ToJson(IReadOnlyList<ToolUse> uses) => JsonSerializer.Serialize(uses, ToolUseJson.Default.IReadOnlyListToolUse);

    public static IReadOnlyList<ToolUse> FromJson(string json) => JsonSerializer.Deserialize(json, ToolUseJson.Default.IReadOnlyListToolUse) ?? [];

    /// <summary>Names and versions of the different tools, each list joined.</summary>
    public static (string Names, string Versions) Names(IReadOnlyList<ToolUse> uses)
    {
        var tools = uses.Select(use => (use.Name, use.Version)).Distinct().Take(10).ToList();
        return (string.Join(", ", tools.Select(tool => tool.Name)), string.Join(", ", tools.Select(tool => tool.Version)));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<ToolUse>))]
internal sealed partial class ToolUseJson : JsonSerializerContext;
