using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Targets from a file: preview, then all of them or none.</summary>
public sealed partial class TargetImportPage
{
    private byte[] _file = [];
    private ImportPreview? _preview;
    private bool _authorised;
    private bool _saving;

    [Inject]
    public TargetImport Import { get; set; } = null!;

    [Inject]
    public Access Access { get; set; } = null!;

    protected override Task LoadAsync(Actor actor) => Access.RequireAsync(actor, Permission.EditTargets, null, "target", Left);

    private async Task PreviewAsync(InputFileChangeEventArgs chosen)
    {
        (_saving, _preview, _authorised) = (true, null, false);
        await GuardAsync(async actor =>
        {
            if (chosen.File.Size > TargetImport.MostBytes)
            {
                throw new SecFlowException(Codes.RequestTooLarge, $"The file is larger than {TargetImport.MostBytes / 1024} KiB. Split it.");
            }

            await using var content = chosen.File.OpenReadStream(TargetImport.MostBytes, Left);
            _file = await TargetImport.ReadAsync(content, Left);
            _preview = await Import.PreviewAsync(actor, _file, Left);
        });
        _saving = false;
    }

    private async Task ConfirmAsync()
    {
        _saving = true;
        var stored = await GuardAsync(actor => Import.ConfirmAsync(actor, _file, _preview!.Digest, Left));
        _saving = false;
        if (stored)
        {
            Navigation.NavigateTo("targets");
        }
    }

    private static string Summary(ImportPreview preview) =>
        preview.Problems.Count > 0 ? $"{Words.Count(preview.Problems.Count, "problem")}. Nothing can be imported until the file is mended."
        : $"{Words.Count(preview.New, "new target")}, {Words.Count(preview.Duplicates, "duplicate")} left out.";

    private static string Place(Diagnostic problem) =>
        problem.Line is not { } line ? "" : problem.Column is { } column ? $"Line {line}, column {column}{(problem.Path is null ? "" : $" ({problem.Path})")}:" : $"Line {line}:";

    private static StatusLook Look(ImportLine line) => line.State switch
    {
        ImportState.New => new StatusLook("succeeded", "check", "new"),
        ImportState.Duplicate => new StatusLook("ended", "dash", $"duplicate of {line.Of}"),
        _ => new StatusLook("failed", "cross", "wrong"),
    };
}
