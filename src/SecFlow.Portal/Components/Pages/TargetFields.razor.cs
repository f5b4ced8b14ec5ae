using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>The fields of a target, and the upload of its archive.</summary>
public sealed partial class TargetFields
{
    private IReadOnlyList<Diagnostic>? _problems;
    private string _uploaded = "";
    private bool _uploading;

    [Parameter]
    [EditorRequired]
    public TargetForm Form { get; set; } = null!;

    /// <summary>A new target, whose authorisation may begin later.</summary>
    [Parameter]
    public bool New { get; set; }

    [Inject]
    public TargetFolders Folders { get; set; } = null!;

    [Inject]
    public TargetArchives Archives { get; set; } = null!;

    [Inject]
    public CurrentActor Actors { get; set; } = null!;

    private string Example => Form.Kind switch
    {
        TargetKind.Url => "https://shop.example/",
        TargetKind.Host => "shop.example",
        TargetKind.Cidr => "192.0.2.0/24",
        _ => "/srv/shop",
    };

    private async Task UploadAsync(InputFileChangeEventArgs chosen)
    {
        (_uploading, _problems, _uploaded) = (true, null, "Reading the archive.");
        try
        {
            var actor = await Actors.RequireAsync(CancellationToken.None);
            await using var content = chosen.File.OpenReadStream(TargetArchives.MostUploadBytes);
            var archive = await Archives.UploadAsync(actor, content, CancellationToken.None);
            Form.Value = archive.Value;
            _uploaded = $"{Marks.Words.Count(archive.Files, "file")}, {archive.Bytes / 1024} KiB.";
        }
        catch (SecFlowException refused)
        {
            (_problems, _uploaded) = (refused.Diagnostics, "");
        }
        catch (IOException tooLarge)
        {
            // The browser's file is larger than may be read, or the connection ended.
            (_problems, _uploaded) = ([new Diagnostic(Codes.RequestTooLarge, $"The archive could not be read: {tooLarge.Message}")], "");
        }
        finally
        {
            _uploading = false;
        }
    }
}
