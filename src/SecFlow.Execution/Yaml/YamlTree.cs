using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SecFlow.Execution.Yaml;

/// <summary>A node of a strict YAML document with its place.</summary>
internal abstract record YamlValue(Mark At);

/// <summary>A scalar. <paramref name="Plain"/> = without quotes.</summary>
internal sealed record YamlText(string Value, bool Plain, Mark At) : YamlValue(At)
{
    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";
}

internal sealed record YamlList(IReadOnlyList<YamlValue> Items, Mark At) : YamlValue(At);

internal sealed record YamlMap(IReadOnlyList<YamlEntry> Entries, Mark At) : YamlValue(At)
{
    public YamlValue? Find(string key) => Entries.FirstOrDefault(e => e.Key == key)?.Value;
}

internal sealed record YamlEntry(string Key, Mark KeyAt, YamlValue Value);

/// <summary>
/// One YAML document of mappings, lists and scalars, built from the event stream so that nothing can grow in between.
/// 1. Size is checked before parsing, depth and number of nodes while parsing.
/// 2. Anchors, aliases, tags, merge keys, duplicate keys, keys that are not scalars and a second document are problems.
/// </summary>
internal static class YamlTree
{
    private static readonly Mark _start = new(0, 1, 1);

    /// <summary>The top mapping; null after a problem that leaves nothing to look at.</summary>
    public static YamlMap? Read(ReadOnlyMemory<byte> utf8, YamlProblems problems)
    {
        if (!Fits(utf8.Length, problems))
        {
            return null;
        }

        try
        {
            return Read(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8.Span), problems);
        }
        catch (DecoderFallbackException)
        {
            problems.Add(problems.Codes.Syntax, _start, "", $"The {problems.Form.Name} is not UTF-8 text.");
            return null;
        }
    }

    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, YamlProblems)"/>
    public static YamlMap? Read(string text, YamlProblems problems)
    {
        if (!Fits(Encoding.UTF8.GetByteCount(text), problems))
        {
            return null;
        }

        var (name, start) = (problems.Form.Name, problems.Form.Start);
        try
        {
            switch (new Composer(new Parser(new StringReader(text)), problems).Document())
            {
                case YamlMap map:
                    return map;
                case null when problems.Count == 0:
                    problems.Add(problems.Codes.Syntax, _start, "", $"The {name} is empty. It starts with {start}.");
                    break;
                case { } other:
                    problems.Add(problems.Codes.WrongType, other.At, "", $"A {name} is a mapping that starts with {start}.");
                    break;
            }
        }
        catch (TooMuchException e)
        {
            problems.Add(problems.Codes.TooLarge, e.Start, "", e.Message);
        }
        catch (YamlException e)
        {
            problems.Add(problems.Codes.Syntax, e.Start, "", $"This is not YAML that can be read: {e.Message} Check indentation, quotes and colons on this line.");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet's scanner loses its state on some broken flow mappings, such as {a: {a:{ over several lines, instead of saying where.
            problems.Add(problems.Codes.Syntax, _start, "", "This is not YAML that can be read. Check that each '{' and '[' is closed, and write mappings over several lines without braces.");
        }

        return null;
    }

    private static bool Fits(int bytes, YamlProblems problems)
    {
        if (bytes > problems.Form.MaxBytes)
        {
            problems.Add(problems.Codes.TooLarge, _start, "", $"The {problems.Form.Name} has {bytes} bytes; at most {problems.Form.MaxBytes} are allowed.");
        }

        return bytes <= problems.Form.MaxBytes;
    }

    /// <summary>A limit was passed while parsing.</summary>
    private sealed class TooMuchException(ParsingEvent at, string message) : YamlException(at.Start, at.End, message);

    private sealed class Composer(Parser parser, YamlProblems problems)
    {
        private int _nodes;

        /// <summary>The top value; null when there is none, or when a second document says that this one is only a part.</summary>
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
                problems.Add(problems.Codes.Syntax, parser.Current!.Start, "", $"A {problems.Form.Name} is one YAML document; a second one starts here. Save it as a file of its own.");
                return null;
            }

            return root;
        }

        private YamlValue Node(int depth, string path)
        {
            // After some broken keys (such as "? :") the parser stops without a word.
            var at = parser.Current ?? throw new YamlException("it ends in the middle of a value.");
            var form = problems.Form;
            if (depth > form.MaxDepth)
            {
                throw new TooMuchException(at, $"The {form.Name} is nested deeper than {form.MaxDepth} levels.");
            }

            if (++_nodes > form.MaxNodes)
            {
                throw new TooMuchException(at, $"The {form.Name} has more than {form.MaxNodes} values.");
            }

            if (at is AnchorAlias alias)
            {
                problems.Add(problems.Codes.Syntax, at.Start, path, $"The alias '*{alias.Value}' is not allowed: write the value out.");
                problems.Close(at.Start);
                Step();
                return new YamlText("", true, at.Start);
            }

            if (at is NodeEvent { Anchor.IsEmpty: false } anchored)
            {
                problems.Add(problems.Codes.Syntax, at.Start, path, $"The anchor '&{anchored.Anchor.Value}' is not allowed: write the value out where it is needed.");
            }

            if (at is NodeEvent { Tag.IsEmpty: false } tagged)
            {
                problems.Add(problems.Codes.Syntax, at.Start, path, $"The tag '{tagged.Tag.Value}' is not allowed: use quotes to write a text.");
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
                    problems.Add(problems.Codes.Syntax, key.At, path, key is YamlText ? "Merge keys ('<<') are not allowed: write the values out." : "A key must be a plain word.");
                }
                else if (!seen.Add(name))
                {
                    problems.Add(problems.Codes.Duplicate, key.At, YamlProblems.Join(path, name), $"The key '{name}' stands twice in this mapping. Keep one of them.");
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
            // After the end of the stream there is nothing; the composer stops there by itself.
            _ = parser.MoveNext();
        }
    }
}
