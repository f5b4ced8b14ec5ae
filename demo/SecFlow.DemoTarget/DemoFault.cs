namespace SecFlow.DemoTarget;

/// <summary>One fault that was planted: what a correct scanner reports, once and nothing else. <see cref="Path"/> is relative to the site, beginning with a slash.</summary>
public sealed record PlantedFault(string Fault, string RuleId, string Path, string? Parameter)
{
    /// <summary>The finding's location on a site at <paramref name="site"/>.</summary>
    public string LocationOn(Uri site) => site.GetLeftPart(UriPartial.Authority) + Path;
}

/// <summary>A kind of fault. Faults of one <see cref="Group"/> exclude each other.</summary>
public sealed record DemoFault(string Name, string? Group, Func<DemoPlanter, IEnumerable<PlantedFault>> Plant);

/// <summary>Chooses paths and words from a seed: the same seed gives the same site on every machine.</summary>
public sealed class DemoPlanter(DemoSite site, int seed)
{
    private static readonly string[] _words = ["gift-cards", "press", "lookbook", "workshop", "journal", "care", "makers", "archive", "stories", "notes", "materials", "visits", "letters", "season", "studio"];

    // a fixed algorithm for a given seed; nothing here protects anything
#pragma warning disable CA5394
    private readonly Random _random = new(seed);

    public DemoSite Site { get; } = site;

    public int Next(int count) => _random.Next(count);

    /// <summary><paramref name="count"/> characters of <paramref name="alphabet"/>.</summary>
    public string Letters(string alphabet, int count) => new(Enumerable.Range(0, count).Select(_ => alphabet[_random.Next(alphabet.Length)]).ToArray());
#pragma warning restore CA5394

    /// <summary>A path segment that no other fault has.</summary>
    public string Segment()
    {
        var word = _words[Next(_words.Length)];
        return word + "-" + Letters("0123456789abcdef", 6);
    }

    /// <summary>A word of a segment as a visitor reads it.</summary>
    public static string Label(string segment)
    {
        var word = segment[..segment.LastIndexOf('-')].Replace('-', ' ');
        return char.ToUpperInvariant(word[0]) + word[1..];
    }

    /// <summary>A page at a new path, linked from the home page; gives its path.</summary>
    public string Page(string markup, Func<DemoAnswer, DemoAnswer>? change = null, string head = "")
    {
        var segment = Segment();
        Site.AddPage("/" + segment, Label(segment), "<p>Short notes from the shop.</p>\n" + markup, change, head);
        return "/" + segment;
    }

    /// <summary>A file that the home page links to; gives its path.</summary>
    public string LinkedFile(string name, string content, string contentType = "text/plain; charset=utf-8")
    {
        var segment = Segment();
        var path = "/" + segment + "/" + name;
        Site.Answers[path] = DemoAnswer.Text(content, contentType);
        Site.HomeLinks.Add((Label(segment), path));
        return path;
    }

    public void File(string path, string content, string contentType = "text/plain; charset=utf-8") => Site.Answers[path] = DemoAnswer.Text(content, contentType);
}
