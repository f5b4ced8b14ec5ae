using SecFlow.Execution.Diagnostics;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;

namespace SecFlow.Execution.Trust;

/// <summary>What is said about trust roots.</summary>
internal static class TrustRootText
{
    /// <summary>Reads a root; SF2009 when it is none.</summary>
    public static TrustedRoot Read(string name, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return TrustedRootReader.Read(bytes);
        }
        catch (BundleFormatException e)
        {
            throw new SecFlowException(Codes.TrustRootRefused, Unusable(name, e), e);
        }
    }

    /// <summary>A file that is no trusted root.</summary>
    public static string Unusable(string file, BundleFormatException problem) =>
        $"The file '{file}' is not a trusted root that can be used: expected {problem.Expected}, found {problem.Found}{(problem.Path.Length == 0 ? "" : $" at '{problem.Path}'")}. Get it again from whoever runs that Sigstore.";
}
