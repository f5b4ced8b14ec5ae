using SecFlow.Data.Targets;

namespace SecFlow.Execution.Targets;

/// <summary>What a changed target allows that it did not allow before, in words. Whatever is not plainly narrower counts as wider.</summary>
internal static class TargetWidening
{
    public static IReadOnlyList<string> Of(Target before, Target after)
    {
        var wider = new List<string>();
        if (before.Kind != after.Kind || before.Value != after.Value)
        {
            wider.Add($"value {before.Value} -> {after.Value}");
        }

        // The same name may resolve elsewhere now: that it shall be reached there is for a person to say.
        if (before.ApprovedAddress != after.ApprovedAddress && after.ApprovedAddress is not null)
        {
            wider.Add($"approved address {before.ApprovedAddress ?? "none"} -> {after.ApprovedAddress}");
        }

        var (had, has) = (Ports(before), Ports(after));
        var all = after.Kind is TargetKind.Host or TargetKind.Cidr;
        if (all && had.Length > 0 && has.Length == 0)
        {
            wider.Add("all ports");
        }
        else if (has.Except(had).ToList() is { Count: > 0 } more && !(all && had.Length == 0))
        {
            wider.Add($"ports {string.Join(' ', more)}");
        }

        if (after.MaxIntrusiveness > before.MaxIntrusiveness)
        {
            wider.Add($"intrusiveness {before.MaxIntrusiveness} -> {after.MaxIntrusiveness}");
        }

        if (after.RequestsPerSecond > before.RequestsPerSecond)
        {
            wider.Add($"requests per second {before.RequestsPerSecond} -> {after.RequestsPerSecond}");
        }

        if (before.AuthorisedUntil is { } until && (after.AuthorisedUntil is null || after.AuthorisedUntil > until))
        {
            wider.Add($"authorised until {until:u} -> {(after.AuthorisedUntil is { } later ? later.ToString("u") : "archived")}");
        }

        if (TargetWindows.Of(after.Windows).MayBeWiderThan(TargetWindows.Of(before.Windows)))
        {
            wider.Add("windows");
        }

        return wider;
    }

    private static string[] Ports(Target target) => target.Ports.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
