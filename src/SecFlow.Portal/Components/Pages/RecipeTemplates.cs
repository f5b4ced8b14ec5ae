namespace SecFlow.Portal.Components.Pages;

/// <summary>Recipes to start from.</summary>
public sealed record RecipeTemplate(string Name, string Yaml);

/// <summary>The templates of the page "New workflow".</summary>
public static class RecipeTemplates
{
    public static IReadOnlyList<RecipeTemplate> All { get; } =
    [
        new("Web baseline", """
            version: "1.0"
            name: Web baseline
            description: Headers, cookies, exposed files and other basics of each target.
            nodes:
              - id: baseline
                type: scan.web-baseline
                inputs: [targets]
                outputs: [findings]
                timeout: 5m

            """),
        new("Web baseline with retry", """
            version: "1.0"
            name: Web baseline with retry
            description: As the baseline, tried again when the target does not answer.
            nodes:
              - id: baseline
                type: scan.web-baseline
                inputs: [targets]
                outputs: [findings]
                timeout: 10m
                retry: { max_attempts: 3, backoff_factor: 2.0, base_delay: 5 }
                on_failure: stop

            """),
    ];
}
