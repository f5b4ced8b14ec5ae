namespace SecFlow.Data.Targets;

public enum TargetKind
{
    Url,
    Host,
    Cidr,
    Folder,
}

/// <summary>How hard a plugin may touch a target; ordered, a target allows up to its own.</summary>
public enum Intrusiveness
{
    Passive,
    Safe,
    Intrusive,
    Exploit,
}

/// <summary>What a team may scan, and who authorised it (contracts 4).</summary>
public sealed class Target
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    /// <summary>1..100, unique in the team among those that are not archived.</summary>
    public string Name { get; set; } = "";

    public TargetKind Kind { get; set; }

    /// <summary>Normalised: <c>http://host:port/</c>, host name or address, CIDR, or folder path.</summary>
    public string Value { get; set; } = "";

    /// <summary>Address approved with a name, when that address is private or loopback; null otherwise.</summary>
    public string? ApprovedAddress { get; set; }

    /// <summary>Further approved ports, space-separated; the port of a url is always approved.</summary>
    public string Ports { get; set; } = "";

    public string Tags { get; set; } = "";

    public string Owner { get; set; } = "";

    /// <summary>Who authorised the scan and where that is written down (contract, ticket).</summary>
    public string AuthorisationReference { get; set; } = "";

    public string AuthorisedBy { get; set; } = "";

    public DateTimeOffset AuthorisedFrom { get; set; }

    /// <summary>End of the authorisation; null = until it is revoked.</summary>
    public DateTimeOffset? AuthorisedUntil { get; set; }

    public Intrusiveness MaxIntrusiveness { get; set; } = Intrusiveness.Safe;

    /// <summary>Requests per second, 1..1000.</summary>
    public int RequestsPerSecond { get; set; } = 10;

    /// <summary>Grows with each change; pinned in runs as part of the scope revision.</summary>
    public int Revision { get; set; } = 1;

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? ArchivedAt { get; set; }
}
