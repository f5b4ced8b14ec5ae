using System.Text.RegularExpressions;

namespace SecFlow.Execution.Trust;

// The forms of the policy's texts.
public sealed partial class TrustPolicyReader
{
    /// <summary>Whether a text can name a root, a key or a rule.</summary>
    internal static bool IsName(string text) => Name().IsMatch(text);

    [GeneratedRegex(@"\Asecflow/v1\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ApiVersion();

    [GeneratedRegex(@"\APluginTrustPolicy\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Kind();

    [GeneratedRegex(@"\Adeny\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Deny();

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Team();

    [GeneratedRegex(@"\A[a-z*][a-z0-9.*-]{0,99}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PluginGlob();

    [GeneratedRegex(@"\Asha256:[0-9a-f]{64}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Digest();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Hex();

    [GeneratedRegex(@"\A(sha256:[0-9a-f]{64}|[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63})\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex KeyReference();

    [GeneratedRegex(@"\Ahttps://[^\s*]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Https();

    [GeneratedRegex(@"\A[^*]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NoStar();

    [GeneratedRegex(@"\A[^*\s](\*?[^*\s])*\*?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex IdentityGlob();

    [GeneratedRegex(@"\A[^\s@]{1,100}(@[^\s@]{1,100})?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex UserName();

    [GeneratedRegex(@"\A(?!.*(\.\.|//))[A-Za-z0-9_-][A-Za-z0-9._/-]*\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex RelativePath();
}
