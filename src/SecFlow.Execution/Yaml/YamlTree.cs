using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SecFlow.Execution.Yaml;

/// <summary>A node of a strict YAML document with its place.</summary>
internal abstract record YamlValue(Mark At);

/// <summary>A scalar. <paramref name="Plain"/> = without quotes.</summary>
internal sealed record YamlText(string Value, bool Plain, Mark At) : YamlValue(At)
{
    public bool IsNull => Plain && Value is "" or "~" or "null";
}

internal sealed record YamlList(IReadOnlyList<YamlValue> Items, Mark At) : YamlValue(At);

internal sealed record YamlMap(IReadOnlyList<YamlEntry> Entries, Mark At) : YamlValue(At);

internal sealed record YamlEntry(string Key, Mark KeyAt, YamlValue Value);

/// <summary>
/// One YAML document of mappings, lists and scalars, built from the event stream so that nothing can grow in between.
/// 1. Size is checked before parsing, depth and number of nodes while parsing.
/// 2. Anchors, aliases, tags, merge keys, duplicate keys, keys that are not scalars and a second document are problems.
/// </summary>
internal static class YamlTree
{
    public const int MaxBytes = 64 * 1024;
    public const int MaxDepth = 12;
    private const int MaxNodes = 20_000;

    /// <summary>The top mapping; null after a problem that leaves nothing to look at.</summary>
    public static YamlMap? Read(ReadOnlyMemory<byte> utf8, YamlProblems problems)
    {
        if (utf8.Length > MaxBytes)
        {
            problems.Add(new Mark(0, 1, 1), "", $"The file has {utf8.Length} bytes; at most {MaxBytes} are allowed.");
            return null;
        }

        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8.Span);
            var root = new Composer(new Parser(new StringReader(text)), problems).Document();
            if (root is YamlMap map)
            {
                return map;
            }

            if (problems.Count == 0)
            {
                problems.Add(root?.At ?? new Mark(0, 1, 1), "", "The file must be a mapping of keys to values.");
            }
        }
        catch (YamlException e)
        {
            problems.Add(e.Start, "", $"This is not YAML that can be read: {e.Message} Check indentation, quotes and colons on this line.");
        }
        catch (DecoderFallbackException)
        {
            problems.Add(new Mark(0, 1, 1), "", "The file is not UTF-8 text.");
        }

        return null;
    }

    private sealed class Composer(Parser parser, YamlProblems problems)
    {
        private int _nodes;

        public YamlValue? Document()
        {
            Next<StreamStart>();
            if (parser.Current is StreamEnd)
            {
                return null;
            }

            Next<DocumentStart>();
            var root = Node(0, "");
            Next<DocumentEnd>();
            if (parser.Current is not StreamEnd)
            {
                problems.Add(parser.Current!.Start, "", "The file must hold one YAML document; a second one starts here.");
            }

            return root;
        }

        private YamlValue Node(int depth, string path)
        {
            var at = parser.Current!;
            if (depth > MaxDepth || ++_nodes > MaxNodes)
            {
                throw new YamlException(at.Start, at.End, $"More than {MaxDepth} levels or {MaxNodes} values.");
            }

            if (at is AnchorAlias alias)
            {
                problems.Add(at.Start, path, $"The alias '*{alias.Value}' is not allowed: write the value out.");
                Step();
                return new YamlText("", true, at.Start);
            }

            if (at is NodeEvent { Anchor.IsEmpty: false } anchored)
            {
                problems.Add(at.Start, path, $"The anchor '&{anchored.Anchor.Value}' is not allowed: write the value out where it is needed.");
            }

            if (at is NodeEvent { Tag.IsEmpty: false } tagged)
            {
                problems.Add(at.Start, path, $"The tag '{tagged.Tag.Value}' is not allowed: use quotes to write a text.");
            }

            return at switch
            {
                Scalar scalar => Text(scalar),
                SequenceStart => List(at.Start, depth, path),
                _ => Map(at.Start, depth, path),
            };
        }

        private YamlText Text(Scalar scalar)
        {
            Step();
            return new YamlText(scalar.Value, scalar.Style == ScalarStyle.Plain, scalar.Start);
        }

        private YamlList List(Mark at, int depth, string path)
        {
            var items = new List<YamlValue>();
            Step();
            while (parser.Current is not SequenceEnd)
            {
                items.Add(Node(depth + 1, $"{path}[{items.Count}]"));
            }

            Step();
            return new YamlList(items, at);
        }

        private YamlMap Map(Mark at, int depth, string path)
        {
            var entries = new List<YamlEntry>();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            Step();
            while (parser.Current is not MappingEnd)
            {
                var key = Node(depth + 1, path);
                var name = (key as YamlText)?.Value ?? "?";
                var value = Node(depth + 1, YamlProblems.Join(path, name));
                if (key is not YamlText text || (text.Plain && text.Value == "<<"))
                {
                    problems.Add(key.At, path, key is YamlText ? "Merge keys ('<<') are not allowed: write the values out." : "A key must be a plain word.");
                }
                else if (!seen.Add(name))
                {
                    problems.Add(key.At, YamlProblems.Join(path, name), $"The key '{name}' stands twice in this mapping. Keep one of them.");
                }
                else
                {
                    entries.Add(new YamlEntry(name, key.At, value));
                }
            }

            Step();
            return new YamlMap(entries, at);
        }

        private void Next<T>()
            where T : ParsingEvent
        {
            if (parser.Current is null)
            {
                Step();
            }

            if (parser.Current is not T)
            {
                throw new YamlException(parser.Current!.Start, parser.Current.End, $"Expected {typeof(T).Name}.");
            }

            Step();
        }

        private void Step()
        {
            if (!parser.MoveNext())
            {
                // after StreamEnd there is nothing; the composer stops there by itself
                return;
            }
        }
    }
}
