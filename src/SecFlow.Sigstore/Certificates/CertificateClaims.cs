namespace SecFlow.Sigstore.Certificates;

/// <summary>Names of what an issuer vouches for beside the identity: extensions 1.3.6.1.4.1.57264.1.9 to .22.</summary>
public static class CertificateClaims
{
    public const string BuildSignerUri = "buildSignerUri";
    public const string BuildSignerDigest = "buildSignerDigest";
    public const string RunnerEnvironment = "runnerEnvironment";
    public const string SourceRepositoryUri = "sourceRepositoryUri";
    public const string SourceRepositoryDigest = "sourceRepositoryDigest";
    public const string SourceRepositoryRef = "sourceRepositoryRef";
    public const string SourceRepositoryIdentifier = "sourceRepositoryIdentifier";
    public const string SourceRepositoryOwnerUri = "sourceRepositoryOwnerUri";
    public const string SourceRepositoryOwnerIdentifier = "sourceRepositoryOwnerIdentifier";
    public const string BuildConfigUri = "buildConfigUri";
    public const string BuildConfigDigest = "buildConfigDigest";
    public const string BuildTrigger = "buildTrigger";
    public const string RunInvocationUri = "runInvocationUri";
    public const string SourceRepositoryVisibilityAtSigning = "sourceRepositoryVisibilityAtSigning";

    /// <summary>Every name, in the order of the extensions; the first is .9.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        BuildSignerUri, BuildSignerDigest, RunnerEnvironment, SourceRepositoryUri, SourceRepositoryDigest, SourceRepositoryRef, SourceRepositoryIdentifier,
        SourceRepositoryOwnerUri, SourceRepositoryOwnerIdentifier, BuildConfigUri, BuildConfigDigest, BuildTrigger, RunInvocationUri, SourceRepositoryVisibilityAtSigning,
    ];

    /// <summary>Extension of the first name.</summary>
    internal const int FirstExtension = 9;
}
