using System.Text;

namespace SecFlow.Execution.Resources;

/// <summary>
/// Templates of nuclei: one YAML file each, because a tool's inputs are files. A recipe names several with commas between them.
/// </summary>
internal static class TemplateForm
{
    public static async Task<ResourceFacts> StoreAsync(Stream text, Stream stored, CancellationToken ct)
    {
        using var copy = new MemoryStream();
        await text.CopyToAsync(copy, ct);
        Check(copy.GetBuffer().AsSpan(0, (int)copy.Length), "it");
        copy.Position = 0;
        await copy.CopyToAsync(stored, ct);
        return new ResourceFacts(1, null);
    }

    // nuclei: every template has an id and an info block at the top
    private static void Check(ReadOnlySpan<byte> yaml, string what)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(yaml);
        }
        catch (DecoderFallbackException e)
        {
            throw ResourceForm.Wrong($"{what} is not UTF-8 text", e);
        }

        var lines = text.Split('\n');
        if (!lines.Any(l => l.StartsWith("id:", StringComparison.Ordinal)) || !lines.Any(l => l.StartsWith("info:", StringComparison.Ordinal)))
        {
            throw ResourceForm.Wrong($"{what} has no 'id:' and 'info:' at the start of a line, as every template has");
        }
    }
}
