using SecFlow.Data.Holds;

namespace SecFlow.Portal.Components.Holds;

/// <summary>Holds in words.</summary>
public static class HoldWords
{
    /// <summary>What stands now.</summary>
    public static string Title(Hold hold) => hold.Kind == HoldKind.Stop
        ? $"All work {Whose(hold)} is stopped."
        : $"The work {Whose(hold)} is drained: what runs goes on, nothing new starts.";

    /// <summary>An entry of the history.</summary>
    public static string Short(Hold hold) => $"{(hold.Kind == HoldKind.Stop ? "Stopped" : "Drained")}, {(hold.OfInstallation ? "every team" : "this team")}";

    private static string Whose(Hold hold) => hold.OfInstallation ? "of every team" : "of this team";
}
