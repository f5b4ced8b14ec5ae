namespace SecFlow.Execution.Targets;

/// <summary>A folder target as a sandbox gets it: <paramref name="Path"/> of this machine, read-only, at <see cref="Inside"/>.</summary>
/// <param name="TargetId">The target.</param>
/// <param name="Name">One part of a path, <c>[a-z0-9][a-z0-9._-]*</c>, different for each folder of a run.</param>
/// <param name="Path">Absolute path outside; no link.</param>
public sealed record TargetFolder(Guid TargetId, string Name, string Path)
{
    /// <summary>Where sandboxes see the folders of a run.</summary>
    public const string Root = "/target";

    /// <summary>Path inside: <c>/target/NAME</c>.</summary>
    public string Inside => $"{Root}/{Name}";

    /// <summary>The names of these targets inside, in their order: their own in small letters, with a number where two would be the same.</summary>
    internal static IReadOnlyList<string> Names(IEnumerable<string> targets)
    {
        var names = new List<string>();
        foreach (var target in targets)
        {
            var plain = string.Concat(target.ToLowerInvariant().Select(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-' ? c : '-')).Trim('.', '-', '_');
            var name = plain.Length == 0 ? "folder" : plain;
            for (var number = 2; names.Contains(name, StringComparer.Ordinal); number++)
            {
                name = $"{(plain.Length == 0 ? "folder" : plain)}-{number}";
            }

            names.Add(name);
        }

        return names;
    }
}
