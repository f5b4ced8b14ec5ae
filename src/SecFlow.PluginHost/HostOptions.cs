using SecFlow.PluginHost.Confinement;

namespace SecFlow.PluginHost;

/// <summary>What differs between the real process and a test that drives the host in its own process.</summary>
public sealed record HostOptions
{
    /// <summary>Names layers that must have been applied, comma separated; set by the sandbox where nothing else confines.</summary>
    public const string RequireVariable = "SECFLOW_REQUIRE_CONFINEMENT";

    /// <summary>Confines the process; returns the layers that hold now.</summary>
    public required Func<IReadOnlyList<string>> Confine { get; init; }

    /// <summary>Ends the process at once, from any thread.</summary>
    public required Action<int> Exit { get; init; }

    /// <summary>Layers without which no source may be read.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Whether to compile the interpreter's hot paths while waiting for work.</summary>
    public bool WarmUp { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public static HostOptions ForProcess() => new()
    {
        Confine = SelfConfinement.Apply,
        Exit = Environment.Exit,
        Required = (Environment.GetEnvironmentVariable(RequireVariable) ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        WarmUp = true,
    };
}
