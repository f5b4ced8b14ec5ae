using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using SecFlow.Data.Audit;
using SecFlow.Data.Resources;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What do plugins work with, and how old is it?</summary>
public sealed partial class ResourceList
{
    /// <summary>Bounded by the circuit: a file travels through the page's connection.</summary>
    private const long MostBytes = 64 * 1024 * 1024;

    private IReadOnlyList<Resource>? _rows;
    private string _type = ResourceUri.Types[0];
    private string _name = "";
    private string? _done;
    private bool _saving;

    [Inject]
    public ResourceService Resources { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor) => _rows = await Resources.ListAsync(actor, Left);

    private static string Words(string type) => type switch
    {
        "wordlist" => "A text with one word a line, plain or as .gz",
        "cve" => "NVD JSON 2.0 (also a .zip of one file per CVE), CISA KEV (JSON) or EPSS (CSV); texts also as .gz",
        _ => "A template of nuclei (.yaml)",
    };

    private async Task ImportAsync(InputFileChangeEventArgs chosen)
    {
        (_saving, _done) = (true, null);
        await GuardAsync(async actor =>
        {
            await using var content = chosen.File.OpenReadStream(MostBytes, Left);
            var row = await Resources.ImportAsync(actor, new ResourceImport(_type, _name.Trim(), null, chosen.File.Name), content, Left);
            _done = $"res://{row.Type}/{row.Name}:{row.Version} is there: {row.Entries} entries, {row.Size} bytes.";
            await LoadAsync(actor);
        });
        _saving = false;
    }
}
