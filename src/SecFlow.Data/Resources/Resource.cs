namespace SecFlow.Data.Resources;

/// <summary>One imported version of data that plugins work with: a wordlist, a data set of CVEs, templates. Belongs to the installation; never changed, its bytes are a blob.</summary>
public sealed class Resource
{
    public Guid Id { get; set; }

    /// <summary><c>wordlist</c>, <c>cve</c> or <c>templates</c>.</summary>
    public string Type { get; set; } = "";

    /// <summary>Name within its type, such as <c>common</c>.</summary>
    public string Name { get; set; } = "";

    /// <summary>Label of this import, unique for type and name; never <c>latest</c>.</summary>
    public string Version { get; set; } = "";

    /// <summary><c>sha256:hex</c> of the stored bytes.</summary>
    public string Digest { get; set; } = "";

    /// <summary>Stored bytes.</summary>
    public long Size { get; set; }

    /// <summary>Words, CVEs or templates in it.</summary>
    public long Entries { get; set; }

    /// <summary>What the data say of their own date, <c>2026-01-31</c>; null when they say nothing.</summary>
    public string? DataDate { get; set; }

    /// <summary>Name of the file that was imported, or where else it comes from.</summary>
    public string Origin { get; set; } = "";

    public string ImportedBy { get; set; } = "";

    public DateTimeOffset ImportedAt { get; set; }
}
