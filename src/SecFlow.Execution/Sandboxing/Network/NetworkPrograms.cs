namespace SecFlow.Execution.Sandboxing.Network;

/// <summary>Programs of the system that make a network of its own for a sandbox; absolute paths.</summary>
internal sealed record NetworkPrograms(string Bash, string Nft, string Pasta, string Nsenter, string Unshare)
{
    private static readonly (string Program, string Package)[] Needed = [("bash", "bash"), ("nft", "nftables"), ("pasta", "passt"), ("nsenter", "util-linux"), ("unshare", "util-linux")];

    /// <summary>All of them, or the packages that are missing.</summary>
    public static (NetworkPrograms? Programs, IReadOnlyList<string> MissingPackages) Find()
    {
        var found = Needed.Select(need => SandboxPrograms.Find(need.Program)).ToArray();
        string[] missing = [.. Needed.Where((_, i) => found[i] is null).Select(need => need.Package).Distinct()];
        return missing.Length > 0 ? (null, missing) : (new NetworkPrograms(found[0]!, found[1]!, found[2]!, found[3]!, found[4]!), []);
    }
}
