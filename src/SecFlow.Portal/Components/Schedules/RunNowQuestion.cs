using Radzen;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Schedules;

/// <summary>Asked before a schedule is started now that replaces what runs.</summary>
internal static class RunNowQuestion
{
    /// <summary>True when nothing would be cancelled, or a person agrees.</summary>
    /// <param name="dialogs">Asks.</param>
    /// <param name="name">The schedule's.</param>
    /// <param name="replaced">Runs that would be cancelled.</param>
    public static async Task<bool> IsSureAsync(DialogService dialogs, string name, int replaced) => replaced == 0 || await dialogs.Confirm(
        $"{Words.Count(replaced, "run")} of '{name}' {(replaced == 1 ? "has" : "have")} not ended and will be cancelled: this schedule replaces what overlaps.",
        "Cancel what runs and start anew?",
        new ConfirmOptions { OkButtonText = "Cancel and run now", CancelButtonText = "Let it run" }) == true;
}
