using SecFlow.Sigstore.Bundles;

namespace SecFlow.Execution.Trust;

/// <summary>What is said about trust roots.</summary>
internal static class TrustRootText
{
    /// <summary>A file that is no trusted root.</summary>
    public static string Unusable(string file, BundleFormatException problem) =>
        $"The file '{file}' is not a trusted root that can be used: expected {problem.Expected}, found {problem.Found}{(problem.Path.Length == 0 ? "" : $" at '{problem.Path}'")}. Get it again from whoever runs that Sigstore.";
}
