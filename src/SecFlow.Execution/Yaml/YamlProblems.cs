using SecFlow.Execution.Diagnostics;
using YamlDotNet.Core;

namespace SecFlow.Execution.Yaml;

/// <summary>Collects every problem of one document, so that its author sees all of them at once.</summary>
internal sealed class YamlProblems(YamlForm form)
{
    /// <summary>Bounded: a hostile document must not answer with megabytes.</summary>
    private const int Most = 200;

    private readonly List<Diagnostic> _items = [];
    private readonly HashSet<(int Line, int Column)> _closed = [];

    public YamlForm Form => form;

    public YamlCodes Codes => form.Codes;

    public int Count => _items.Count;

    /// <summary>In the order of the text.</summary>
    public IReadOnlyList<Diagnostic> All => [.. _items.OrderBy(p => p.Line ?? 0).ThenBy(p => p.Column ?? 0)];

    public void Add(string code, Mark at, string path, string message)
    {
        var (line, column) = Place(at);
        if (_items.Count < Most && !_closed.Contains((line, column)))
        {
            _items.Add(new Diagnostic(code, message) { Line = line, Column = column, Path = path });
        }
    }

    /// <summary>The value at this place is not known after the problem that was just told; what follows from that is not told again.</summary>
    public void Close(Mark at) => _closed.Add(Place(at));

    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static (int Line, int Column) Place(Mark at) => ((int)Math.Max(1, at.Line), (int)Math.Max(1, at.Column));
}
