namespace SecFlow.Data.Targets;

/// <summary>A credential that plugins may ask for by name. The value is encrypted by whoever stores it; it is never read back into a page or an answer.</summary>
public sealed class TargetSecret
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    /// <summary>The target whose runs get it; null = every run of the team.</summary>
    public Guid? TargetId { get; set; }

    /// <summary>As in <c>permissions.secrets</c> of a plugin, 1..64 characters.</summary>
    public string Name { get; set; } = "";

    /// <summary>Ciphertext, bound to team, target and name.</summary>
    public string Protected { get; set; } = "";

    public DateTimeOffset SetAt { get; set; }

    public string SetBy { get; set; } = "";

    /// <summary>1 when it is set first; grows with each rotation.</summary>
    public int Revision { get; set; } = 1;
}
