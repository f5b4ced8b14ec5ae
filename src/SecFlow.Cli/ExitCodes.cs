using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli;

/// <summary>Exit codes (contracts 12). When several hold, precedence is 2, 3, 4, 1, 5.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>Findings at or above `--fail-on`, verification rejected, validation errors.</summary>
    public const int Rejected = 1;

    public const int Usage = 2;

    /// <summary>Refused by policy or trust.</summary>
    public const int Refused = 3;

    public const int Failed = 4;

    /// <summary>Not everything was assessed.</summary>
    public const int NotAssessed = 5;

    private static readonly int[] Precedence = [Usage, Refused, Failed, Rejected, NotAssessed];

    public static int Of(SecFlowException error) => Of(error.Code);

    /// <summary>Of everything that would be refused.</summary>
    public static int OfAll(IEnumerable<Diagnostic> refusals) => refusals.Select(r => Of(r.Code)).Aggregate(Done, Strongest);

    private static int Of(string code) => code switch
    {
        Codes.OptionInvalid or Codes.TargetInvalid or Codes.RecipeParameter or Codes.RequestInvalid or Codes.NotFound => Usage,
        Codes.RunNotInState or Codes.ReparseBusy => Failed,
        Codes.SandboxUnavailable or Codes.SandboxLevelTooLow => Refused,
        _ => Codes.CategoryOf(code) switch
        {
            DiagnosticCategory.Input => Rejected,
            DiagnosticCategory.Trust or DiagnosticCategory.Policy => Refused,
            _ => Failed,
        },
    };

    /// <summary>Of a run that has ended.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="findingsMatter">Whether a finding is at or above `--fail-on`.</param>
    public static int Of(RunStatus status, bool findingsMatter)
    {
        var own = status switch
        {
            RunStatus.Succeeded => Done,
            RunStatus.Partial => NotAssessed,
            RunStatus.Denied => Refused,
            _ => Failed,
        };
        return Strongest(own, findingsMatter ? Rejected : Done);
    }

    public static int Strongest(int one, int other) => Precedence.FirstOrDefault(code => code == one || code == other);
}
