using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Yaml;

/// <summary>A kind of document: what it is called, how it begins, how large it may be, and the codes of its problems.</summary>
/// <param name="Name">As in "The recipe is empty".</param>
/// <param name="Start">The keys that it begins with.</param>
/// <param name="MaxBytes">Size as UTF-8.</param>
/// <param name="MaxDepth">Levels of nesting.</param>
/// <param name="MaxNodes">Mappings, lists and scalars together.</param>
/// <param name="Codes">Codes by kind of problem.</param>
internal sealed record YamlForm(string Name, string Start, long MaxBytes, int MaxDepth, int MaxNodes, YamlCodes Codes)
{
    // A value takes at least one byte, so the size bounds the number of nodes.
    public static readonly YamlForm Recipe = new(
        "recipe", "'version: \"1.0\"', 'name:' and 'nodes:'", Limits.RecipeBytes.Default, 32, (int)Limits.RecipeBytes.Default,
        new YamlCodes(
            Diagnostics.Codes.RecipeSyntax, Diagnostics.Codes.RecipeUnknownKey, Diagnostics.Codes.RecipeWrongType, Diagnostics.Codes.RecipeMissing,
            Diagnostics.Codes.RecipeOutOfRange, Diagnostics.Codes.RecipeDuplicate, Diagnostics.Codes.RecipeTooLarge));

    public static readonly YamlForm Manifest = Small("manifest", "'apiVersion: secflow/v1', 'id:' and 'version:'", Diagnostics.Codes.ManifestInvalid);

    public static readonly YamlForm TrustPolicy = Small("trust policy", "'apiVersion: secflow/v1', 'kind: PluginTrustPolicy' and 'spec:'", Diagnostics.Codes.TrustPolicyInvalid);

    private static YamlForm Small(string name, string start, string code) => new(name, start, 64 * 1024, 12, 20_000, new YamlCodes(code, code, code, code, code, code, code));
}

internal sealed record YamlCodes(string Syntax, string UnknownKey, string WrongType, string Missing, string OutOfRange, string Duplicate, string TooLarge);
