namespace SecFlow.Sigstore.Verification;

/// <summary>Ends a verification from inside of one of its parts. <see cref="BundleVerifier"/> turns it into its result; it never leaves the library.</summary>
internal sealed class Rejection(RejectedBundle result, Exception? inner = null) : Exception(result.ToString(), inner)
{
    public Rejection(RejectionReason reason, VerificationStage stage, string expected, string found, Exception? inner = null)
        : this(new RejectedBundle(reason, stage, expected, found), inner)
    {
    }

    public RejectedBundle Result { get; } = result;
}
