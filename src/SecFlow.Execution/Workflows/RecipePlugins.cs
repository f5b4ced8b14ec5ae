using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Workflows;

/// <summary>Where the reader looks things up: the enabled version for an id, alias or range, and everything that is installed (for hints).</summary>
public sealed record RecipePlugins(Func<string, CancellationToken, Task<InstalledPlugin?>> Find, IReadOnlyList<InstalledPlugin> Installed)
{
    /// <summary>A saved workflow of the team by name, in the version that is asked for or its newest; null = there is none.</summary>
    public Func<string, int?, CancellationToken, Task<StoredRecipe?>> FindWorkflow { get; init; } = (_, _, _) => Task.FromResult<StoredRecipe?>(null);

    /// <summary>True when an accepted run is read again: what it would start later is looked up then, not now.</summary>
    public bool Pinned { get; init; }

    /// <summary>Names of all saved workflows of the team (for hints).</summary>
    public IReadOnlyList<string> WorkflowNames { get; init; } = [];
}

/// <summary>The text of one version of a saved workflow.</summary>
public sealed record StoredRecipe(WorkflowPin Pin, string Yaml);

/// <summary>The workflows around the one that is being read, from the outermost, and what was read on the way: each version once.</summary>
internal sealed class RecipeNesting
{
    public IReadOnlyList<string> Names { get; private init; } = [];

    public Dictionary<Guid, RecipeValidation> Read { get; private init; } = [];

    public RecipeNesting Within(string name) => new() { Names = [.. Names, name], Read = Read };
}
