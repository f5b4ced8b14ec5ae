namespace SecFlow.Sigstore.Bundles;

/// <summary>A bundle or trusted root does not have the form that the format prescribes.</summary>
/// <param name="Path">Where, such as <c>verificationMaterial.tlogEntries[0].logIndex</c>; empty = the whole document.</param>
/// <param name="Expected">What the format wants there.</param>
/// <param name="Found">What is there.</param>
public sealed class BundleFormatException(string path, string expected, string found, Exception? inner = null)
    : Exception($"Malformed at '{(path.Length == 0 ? "$" : path)}': expected {expected}, found {found}.", inner)
{
    public string Path { get; } = path;

    public string Expected { get; } = expected;

    public string Found { get; } = found;

    /// <summary>True when the form may be right, in a version or with an algorithm that is not known here.</summary>
    public bool IsUnsupported { get; init; }
}
