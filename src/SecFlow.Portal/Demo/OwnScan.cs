using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows.Templates;

namespace SecFlow.Portal.Demo;

/// <summary>What a person types to have something of their own scanned. It is checked as every target is; nothing is trusted because it came from this form.</summary>
public sealed class OwnScan
{
    /// <summary>The recipe of the first template: what a new workflow starts from as well.</summary>
    public static WorkflowTemplate Template => WorkflowTemplates.All[0];

    public string Url { get; set; } = "";

    public string Reference { get; set; } = "";

    public bool Authorised { get; set; }

    public bool PrivateAddress { get; set; }

    /// <summary>The target that is meant. Throws SF1401 without the tick: nobody else may say that a scan is allowed.</summary>
    public NewTarget ToTarget()
    {
        if (!Authorised)
        {
            throw new SecFlowException(new Diagnostic(Codes.TargetInvalid, "Tick that you are allowed to have this target scanned.") { Path = "authorised" });
        }

        var url = Url.Trim();
        return new NewTarget(url.Length switch { 0 => "own target", > 100 => url[..100], _ => url }, TargetKind.Url, url, Reference.Trim(), null) { PrivateAddressApproved = PrivateAddress };
    }
}
