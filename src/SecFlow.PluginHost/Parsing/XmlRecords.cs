using System.Text;
using System.Xml;
using SecFlow.PluginHost.Scripting;

namespace SecFlow.PluginHost.Parsing;

/// <summary>One element with everything below it.</summary>
public sealed class XmlElementRecord(string name)
{
    private readonly StringBuilder _text = new();

    public string Name { get; } = name;

    public Dictionary<string, string> Attributes { get; } = new(StringComparer.Ordinal);

    public List<XmlElementRecord> Children { get; } = [];

    /// <summary>Text directly inside the element, trimmed.</summary>
    public string Text => _text.ToString().Trim();

    internal void Append(string text) => _text.Append(text);
}

/// <summary>
/// Yields elements of an XML stream one at a time. A DTD is skipped, entities of it are unknown, nothing is resolved.
/// What stands before the XML declaration (a banner, a comment) is skipped.
/// </summary>
/// <param name="stream">The document.</param>
/// <param name="names">Elements that are wanted, wherever they stand; null = the children of the root.</param>
/// <param name="maxBytes">Most characters of one of them.</param>
/// <param name="maxDepth">Deepest nesting.</param>
public sealed class XmlRecords(Stream stream, IReadOnlySet<string>? names, int maxBytes, int maxDepth)
{
    public IEnumerable<XmlElementRecord> Elements(Action progressed)
    {
        ArgumentNullException.ThrowIfNull(progressed);
        using var start = new DeclarationStream(stream);
        using var reader = XmlReader.Create(start, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Ignore,
            XmlResolver = null,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            MaxCharactersFromEntities = 1024,
        });
        while (reader.Read())
        {
            progressed();
            if (reader.Depth > maxDepth)
            {
                throw new DataLimitException(ScriptLimits.Nesting, $"The XML nests deeper than {maxDepth}.");
            }

            var wanted = reader.NodeType == XmlNodeType.Element
                && (names is null ? reader.Depth == 1 : names.Contains(reader.LocalName));
            if (wanted)
            {
                yield return Take(reader);
            }
        }
    }

    private XmlElementRecord Take(XmlReader reader)
    {
        var size = 0;
        var open = new Stack<XmlElementRecord>();
        var root = Open(reader, ref size);
        if (reader.IsEmptyElement)
        {
            return root;
        }

        open.Push(root);
        while (open.Count > 0 && reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    var empty = reader.IsEmptyElement;
                    var child = Open(reader, ref size);
                    open.Peek().Children.Add(child);
                    if (!empty)
                    {
                        open.Push(child);
                    }

                    break;
                case XmlNodeType.EndElement:
                    open.Pop();
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace:
                    Count(ref size, reader.Value.Length);
                    open.Peek().Append(reader.Value);
                    break;
                default:
                    break;
            }

            if (open.Count > maxDepth)
            {
                throw new DataLimitException(ScriptLimits.Nesting, $"The XML nests deeper than {maxDepth}.");
            }
        }

        return root;
    }

    private XmlElementRecord Open(XmlReader reader, ref int size)
    {
        var record = new XmlElementRecord(reader.LocalName);
        Count(ref size, reader.LocalName.Length + 16);
        while (reader.MoveToNextAttribute())
        {
            Count(ref size, reader.LocalName.Length + reader.Value.Length);
            record.Attributes[reader.LocalName] = reader.Value;
        }

        reader.MoveToElement();
        return record;
    }

    private void Count(ref int size, int more)
    {
        size += more;
        if (size > maxBytes)
        {
            throw new DataLimitException(ScriptLimits.Record, $"A record is larger than {maxBytes} characters.");
        }
    }
}
