using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Components;
using SecFlow.Execution.Workflows;

namespace SecFlow.Portal.Components.Workflows;

/// <summary>A field for each parameter of a workflow. What is left empty is not given: the default, or nothing, is taken.</summary>
public sealed partial class ParameterFields
{
    [Parameter]
    [EditorRequired]
    public IReadOnlyList<RecipeParameter> Declared { get; set; } = [];

    /// <summary>What was typed, by name; changed in place. The start checks the types.</summary>
    [Parameter]
    [EditorRequired]
    public JsonObject Values { get; set; } = [];

    [Parameter]
    public EventCallback Changed { get; set; }

    /// <summary>True when every parameter that needs a value has one.</summary>
    public static bool Complete(IReadOnlyList<RecipeParameter> declared, JsonObject values) =>
        declared.All(p => !p.Required || p.Default is not null || p.Name == "target" || values.ContainsKey(p.Name));

    private string Value(RecipeParameter parameter) => Values[parameter.Name]?.GetValue<string>() ?? "";

    private Task Set(RecipeParameter parameter, ChangeEventArgs e)
    {
        var text = e.Value?.ToString()?.Trim() ?? "";
        if (text.Length == 0)
        {
            Values.Remove(parameter.Name);
        }
        else
        {
            Values[parameter.Name] = text;
        }

        return Changed.InvokeAsync();
    }

    private static string Mode(RecipeParameter parameter) => parameter.Type switch { "integer" => "numeric", "number" => "decimal", "url" => "url", _ => "text" };

    private static string Placeholder(RecipeParameter parameter) =>
        parameter.Default is { } value ? value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString()
        : parameter.Name == "target" ? "the first target" : "";

    private static string Hint(RecipeParameter parameter) => parameter.Type switch { "url" => "an address with http or https", "host" => "a name or an address", "integer" => "a whole number", "number" => "a number", "boolean" => "true or false", _ => "a text" }
        + (parameter.Required && parameter.Default is null && parameter.Name != "target" ? ", required" : "");
}
