using SecFlow.Data.Teams;

namespace SecFlow.Portal.Demo;

/// <summary>One way of trying to break out, run for real on the demo shop.</summary>
/// <param name="Kind">The step it counts for.</param>
/// <param name="Title">Of its button.</param>
/// <param name="Promise">What is tried, and what ought to happen.</param>
/// <param name="PluginId">The plugin that tries.</param>
/// <param name="Name">In the workflow's name.</param>
public sealed record DemoAttempt(FirstStepKind Kind, string Title, string Promise, string PluginId, string Name)
{
    public static IReadOnlyList<DemoAttempt> All { get; } =
    [
        new(FirstStepKind.AlteredByte, "Alter one byte", "A signed copy of the scanner, with one bit flipped afterwards. Its bytes are verified right before they would run.", DemoPlugins.Altered, "altered byte"),
        new(FirstStepKind.OutOfScope, "Leave the scope", "A signed plugin that asks for a host which is not a target. The engine asks the scope before it sends anything.", DemoPlugins.Stray, "out of scope"),
        new(FirstStepKind.EndlessLoop, "Loop for ever", "A signed plugin that never ends by itself. Statements and time of its process are limited.", DemoPlugins.Loop, "endless loop"),
    ];

    public string WorkflowName => "Try to break it - " + Name;

    public string Recipe => $"""
        version: "1.0"
        name: {WorkflowName}
        description: An attempt of the first steps. It is meant to be refused or ended.
        nodes:
          - id: attempt
            type: {PluginId}
            inputs: [targets]
            outputs: [findings]
            timeout: 30s
        """;

    public static DemoAttempt Of(FirstStepKind kind) => All.FirstOrDefault(a => a.Kind == kind) ?? throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not an attempt.");
}
