namespace SecFlow.Data.Teams;

/// <summary>What a member may do, least first; a higher role includes the lower ones.</summary>
public enum TeamRole
{
    /// <summary>Sees runs, findings, plugins.</summary>
    Viewer,

    /// <summary>Also starts runs, writes workflows and schedules, triages.</summary>
    Analyst,

    /// <summary>Also adds targets, approves plugins, manages members and policies, reads the audit log.</summary>
    Admin,
}
