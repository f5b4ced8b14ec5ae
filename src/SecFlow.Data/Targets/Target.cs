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

    /// <summary>Normalised: <c>http://host:port/</c>, host name or address, CIDR, folder path, or <c>archive:</c> and the digest of the content of an uploaded archive.</summary>
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

    /// <summary>What requests say who they are, beside the program's own name; empty = the name alone.</summary>
    public string UserAgent { get; set; } = "";

    /// <summary>When it may be scanned, one rule per line (<c>allow Mon-Fri 22:00-06:00 Europe/Berlin</c>, <c>deny 2026-12-24T00:00/2026-12-27T00:00 UTC</c>); empty = at any time.</summary>
    public string Windows { get; set; } = "";

    /// <summary>Grows with each change; pinned in runs as part of the scope revision.</summary>
    public int Revision { get; set; } = 1;

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? ArchivedAt { get; set; }
}
