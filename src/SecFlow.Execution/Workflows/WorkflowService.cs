using SecFlow.Data.Audit;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Workflows;

/// <summary>Result of validating a recipe: the parsed recipe when there is no error, and all problems at once.</summary>
public sealed record RecipeValidation(Recipe? Recipe, IReadOnlyList<Diagnostic> Problems)
{
    public bool IsValid => Problems.Count == 0;
}

/// <summary>Saved workflows of a team.</summary>
public sealed class WorkflowService
{
    /// <summary>Validates a recipe against the installed plugins; every problem with line, column and nearest right spelling.</summary>
    public Task<RecipeValidation> ValidateAsync(string yaml, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Saves a new workflow or a new version of the one with the same name. Throws the problems of an invalid recipe.</summary>
    public Task<WorkflowVersion> SaveAsync(Actor actor, string yaml, CancellationToken ct) => throw new NotSupportedException();

    public Task<IReadOnlyList<Workflow>> ListAsync(Actor actor, CancellationToken ct) => throw new NotSupportedException();

    public Task<(Workflow Workflow, WorkflowVersion Version)> GetAsync(Actor actor, Guid workflowId, CancellationToken ct) => throw new NotSupportedException();
}
