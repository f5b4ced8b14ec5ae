namespace SecFlow.Sigstore.Bundles;

/// <summary>A bundle does not have the form that the format prescribes.</summary>
/// <param name="Path">Where, such as <c>verificationMaterial.tlogEntries[0].logIndex</c>; empty = the whole bundle.</param>
/// <param name="Expected">What the format wants there.</param>
/// <param name="Found">What is there.</param>
public sealed class BundleFormatException(string path, string expected, string found, Exception? inner = null)
    : Exception($"The bundle is malformed at '{(path.Length == 0 ? "$" : path)}': expected {expected}, found {found}.", inner)
{
    public string Path { get; } = path;

    public string Expected { get; } = expected;

    public string Found { get; } = found;
}
