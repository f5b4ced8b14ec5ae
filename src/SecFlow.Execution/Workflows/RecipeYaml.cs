using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace SecFlow.Execution.Workflows;

/// <summary>
/// YAML as recipes use it: one document of mappings, sequences and scalars.
/// 1. Size and depth are checked on the event stream, before anything is built.
/// 2. Anchors, aliases and tags are refused: what stands in the file is what runs.
/// 3. Plain scalars follow the YAML 1.2 core schema (yes and no are words).
/// </summary>
internal static partial class RecipeYaml
{
    public const int MaxDepth = 32;

    /// <summary>The top mapping; null after a problem that leaves nothing to look at.</summary>
    public static YamlMappingNode? Load(string yaml, RecipeProblems problems)
    {
        var bytes = Encoding.UTF8.GetByteCount(yaml);
        if (bytes > Limits.RecipeBytes.Default)
        {
            problems.Add(Codes.RecipeTooLarge, Mark.Empty, "", $"The recipe has {bytes} bytes; at most {Limits.RecipeBytes.Default} are allowed. Split it into several workflows.");
            return null;
        }

        try
        {
            if (!CheckEvents(yaml, problems))
            {
                return null;
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            if (stream.Documents[0].RootNode is YamlMappingNode root)
            {
                return root;
            }

            problems.Add(Codes.RecipeWrongType, stream.Documents[0].RootNode, "", "A recipe is a mapping that starts with 'version:', 'name:' and 'nodes:'.");
        }
        catch (YamlException e)
        {
            var duplicate = e.Message.Contains("duplicate", StringComparison.OrdinalIgnoreCase);
            problems.Add(duplicate ? Codes.RecipeDuplicate : Codes.RecipeSyntax, e.Start, "", duplicate
                ? $"A key stands twice in one mapping ({e.InnerException?.Message ?? e.Message}). Keep one of them."
                : $"This is not YAML that can be read: {e.Message} Check indentation, quotes and colons on this line.");
        }

        return null;
    }

    /// <summary>The JSON value of a node. Keys of mappings must be scalars.</summary>
    public static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlScalarNode scalar => ScalarToJson(scalar),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(ToJson)]),
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(c => KeyValuePair.Create((c.Key as YamlScalarNode)?.Value ?? "", ToJson(c.Value)))),
        _ => null,
    };

    private static JsonNode? ScalarToJson(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        if (text is "" or "~" or "null" or "Null" or "NULL")
        {
            return null;
        }

        if (text is "true" or "True" or "TRUE" or "false" or "False" or "FALSE")
        {
            return JsonValue.Create(text[0] is 't' or 'T');
        }

        if (Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return JsonValue.Create(whole);
        }

        if (Number().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            return JsonValue.Create(number);
        }

        return JsonValue.Create(text);
    }

    private static bool CheckEvents(string yaml, RecipeProblems problems)
    {
        var parser = new Parser(new StringReader(yaml));
        var (depth, documents, before) = (0, 0, problems.Count);
        while (parser.MoveNext())
        {
            var at = parser.Current!;
            depth += at.NestingIncrease;
            if (depth > MaxDepth + 2)
            {
                problems.Add(Codes.RecipeTooLarge, at.Start, "", $"The recipe is nested deeper than {MaxDepth} levels.");
                return false;
            }

            if (at is DocumentStart && ++documents > 1)
            {
                problems.Add(Codes.RecipeSyntax, at.Start, "", "A recipe is one YAML document; a second one starts here. Save it as a workflow of its own.");
            }
            else if (at is AnchorAlias alias)
            {
                problems.Add(Codes.RecipeSyntax, at.Start, "", $"The alias '*{alias.Value}' is not allowed: write the value out.");
            }
            else if (at is NodeEvent { Anchor.IsEmpty: false } anchored)
            {
                problems.Add(Codes.RecipeSyntax, at.Start, "", $"The anchor '&{anchored.Anchor.Value}' is not allowed: write the value out where it is needed.");
            }
            else if (at is NodeEvent { Tag.IsEmpty: false } tagged)
            {
                problems.Add(Codes.RecipeSyntax, at.Start, "", $"The tag '{tagged.Tag.Value}' is not allowed: use quotes to write a text.");
            }
        }

        if (documents == 0)
        {
            problems.Add(Codes.RecipeSyntax, new Mark(0, 1, 1), "", "The recipe is empty. It starts with 'version: \"1.0\"', 'name:' and 'nodes:'.");
        }

        return problems.Count == before;
    }

    [GeneratedRegex(@"^[-+]?[0-9]+$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Number();
}
