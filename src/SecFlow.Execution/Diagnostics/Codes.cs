namespace SecFlow.Execution.Diagnostics;

/// <summary>Every code, once. docs/diagnostics.md says the same and a test holds the two together.</summary>
public static class Codes
{
    // SF1xxx: recipe, manifest, package, request or configuration is invalid. Nothing starts.
    public const string RecipeSyntax = "SF1001";
    public const string RecipeUnknownKey = "SF1002";
    public const string RecipeWrongType = "SF1003";
    public const string RecipeMissing = "SF1004";
    public const string RecipeOutOfRange = "SF1005";
    public const string RecipeDuplicate = "SF1006";
    public const string RecipeUnresolvedInput = "SF1007";
    public const string RecipeCycle = "SF1008";
    public const string RecipePluginNotInstalled = "SF1009";
    public const string RecipePortMismatch = "SF1010";
    public const string RecipeConfigInvalid = "SF1011";
    public const string RecipeTooLarge = "SF1012";
    public const string RecipeCondition = "SF1013";
    public const string RecipeParameter = "SF1014";
    public const string RecipeNote = "SF1016";
    public const string RecipeSubWorkflow = "SF1017";
    public const string RecipeCascade = "SF1018";
    public const string RecipeForEach = "SF1019";
    public const string TooManyChunks = "SF1030";
    public const string CascadeCapped = "SF1031";

    public const string ManifestInvalid = "SF1101";
    public const string PackageInvalid = "SF1201";
    public const string PackageTooLarge = "SF1202";
    public const string PackagePath = "SF1203";

    public const string ScheduleInvalid = "SF1301";
    public const string ScheduleOverlap = "SF1302";
    public const string ScheduleMissed = "SF1303";
    public const string ScheduleNotActive = "SF1304";
    public const string BlackoutInvalid = "SF1305";
    public const string ScheduleStopped = "SF1306";
    public const string ScheduleChanged = "SF1307";
    public const string IdempotencyKeyReused = "SF1320";
    public const string QueueLimitInvalid = "SF1321";
    public const string NotWaiting = "SF1322";
    public const string TargetInvalid = "SF1401";
    public const string TargetChanged = "SF1402";
    public const string NewAuthorisationNeeded = "SF1403";
    public const string SecretInvalid = "SF1404";
    public const string ImportInvalid = "SF1405";
    public const string ArchiveInvalid = "SF1406";
    public const string RevisionMissing = "SF1407";
    public const string RequestInvalid = "SF1501";
    public const string NotFound = "SF1502";
    public const string Conflict = "SF1503";
    public const string RequestTooLarge = "SF1504";
    public const string RunNotInState = "SF1510";
    public const string NodeSkipped = "SF1511";
    public const string RawOutputMissing = "SF1520";
    public const string RawOutputDamaged = "SF1521";
    public const string ReparseFailed = "SF1522";
    public const string ReparseBusy = "SF1523";
    public const string OptionInvalid = "SF1601";
    public const string ResourceMissing = "SF1701";
    public const string ResourceInvalid = "SF1702";
    public const string ResourceTooLarge = "SF1703";
    public const string SigningFailed = "SF1901";
    public const string BundleNotFitting = "SF1902";
    public const string WebhookInvalid = "SF1920";
    public const string WebhookRefused = "SF1921";
    public const string WebhookChanged = "SF1922";

    // SF2xxx: trust. Node Denied, audit.
    public const string Unsigned = "SF2001";
    public const string Untrusted = "SF2002";
    public const string SignatureInvalid = "SF2003";
    public const string Tampered = "SF2004";
    public const string Revoked = "SF2005";
    public const string Unverifiable = "SF2006";
    public const string TrustPolicyInvalid = "SF2007";
    public const string PluginNotEnabled = "SF2008";
    public const string TrustRootRefused = "SF2009";
    public const string TrustAdditionLoosens = "SF2010";
    public const string PluginIdOwned = "SF2020";
    public const string TooManySubmissions = "SF2021";

    // SF3xxx: policy. Node Denied, audit.
    public const string RoleMissing = "SF3001";
    public const string TeamMismatch = "SF3002";
    public const string OutOfScope = "SF3003";
    public const string PermissionNotDeclared = "SF3004";
    public const string AuthorisationLapsed = "SF3005";
    public const string IntrusivenessExceeded = "SF3006";
    public const string RedirectOutOfScope = "SF3007";
    public const string AddressForbidden = "SF3008";
    public const string NotGranted = "SF3009";
    public const string TokenScopeMissing = "SF3010";
    public const string Unauthenticated = "SF3011";
    public const string TooManyRequests = "SF3012";
    public const string OutsideWindow = "SF3020";
    public const string FolderNotAllowed = "SF3021";
    public const string SecretNotSet = "SF3022";
    public const string WorkHeld = "SF3030";
    public const string SecondPersonNeeded = "SF3031";
    public const string TypedReasonNeeded = "SF3032";

    // SF4xxx: sandbox limit, violation, not available.
    public const string LimitStatements = "SF4001";
    public const string LimitScriptTime = "SF4002";
    public const string LimitRecursion = "SF4003";
    public const string LimitMemory = "SF4004";
    public const string LimitCpu = "SF4005";
    public const string LimitWall = "SF4006";
    public const string LimitSilent = "SF4007";
    public const string LimitStack = "SF4008";
    public const string LimitOutput = "SF4009";
    public const string LimitRecords = "SF4010";
    public const string LimitSource = "SF4011";
    public const string LimitProcesses = "SF4012";
    public const string LimitScratch = "SF4013";
    public const string ProtocolViolation = "SF4020";
    public const string ForbiddenSystemCall = "SF4021";
    public const string SandboxUnavailable = "SF4030";
    public const string SandboxLevelTooLow = "SF4031";
    public const string LimitRefusedCalls = "SF4050";
    public const string NetworkScopeUnavailable = "SF4040";
    public const string NetworkPlanRefused = "SF4041";
    public const string NetworkRulesFailed = "SF4042";

    // SF5xxx: tool or target.
    public const string ToolMissing = "SF5001";
    public const string ToolTooOld = "SF5002";
    public const string ToolChanged = "SF5003";
    public const string ToolUnusable = "SF5004";
    public const string ToolArgument = "SF5005";
    public const string TargetUnreachable = "SF5101";
    public const string TargetResponseTooLarge = "SF5102";
    public const string TargetProtocol = "SF5103";
    public const string TargetTimeout = "SF5104";

    // SF6xxx: plugin.
    public const string ScriptError = "SF6001";
    public const string ScriptSyntax = "SF6002";
    public const string EntryMissing = "SF6003";
    public const string OutputInvalid = "SF6004";
    public const string InterpreterFailed = "SF6005";
    public const string VerdictMissing = "SF6006";

    // SF7xxx: infrastructure. Retried, then Interrupted.
    public const string DatabaseFailed = "SF7001";
    public const string StorageFailed = "SF7002";
    public const string HostStartFailed = "SF7003";
    public const string EngineStopped = "SF7004";
    public const string DataFolderLocked = "SF7005";
    public const string LeaseLost = "SF7006";
    public const string Unexpected = "SF7007";
    public const string DatabaseLocked = "SF7010";
    public const string DiskFull = "SF7011";
    public const string ClockStepped = "SF7012";

    public static DiagnosticCategory CategoryOf(string code) => (DiagnosticCategory)(code[2] - '0');
}
