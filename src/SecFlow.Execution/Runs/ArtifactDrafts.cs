using System.Text;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Runs;

/// <summary>
/// The files that a report node writes, in memory until its end.
/// 1. At most <see cref="Most"/> files and <see cref="MostBytes"/> together; more is SF4009 for that call.
/// 2. A name is a plain file name; a media type one of those that a browser only downloads here.
/// </summary>
public sealed partial class ArtifactDrafts
{
    public const int Most = 8;

    public const int MostBytes = 16 * 1024 * 1024;

    private static readonly string[] _mediaTypes = ["text/html", "text/plain", "text/csv", "text/markdown", "application/json", "application/xml"];

    private readonly Dictionary<string, Draft> _files = new(StringComparer.OrdinalIgnoreCase);
    private long _bytes;

    public sealed record Draft(string Name, string MediaType, MemoryStream Content);

    public IReadOnlyCollection<Draft> Files => _files.Values;

    /// <summary>Appends UTF-8 text; the first call of a name begins the file.</summary>
    public void Append(string name, string mediaType, string text)
    {
        if (!FileName().IsMatch(name))
        {
            throw new SecFlowException(Codes.RequestInvalid, "ctx.artifact: the name is not a file name of 1 to 100 letters, digits, '.', '_' and '-' that begins with a letter or digit. Correct the call.");
        }

        if (!_mediaTypes.Contains(mediaType, StringComparer.Ordinal))
        {
            throw new SecFlowException(Codes.RequestInvalid, $"ctx.artifact: the media type is not one of {string.Join(", ", _mediaTypes)}. Correct the call.");
        }

        if (!_files.TryGetValue(name, out var file))
        {
            if (_files.Count >= Most)
            {
                throw new SecFlowException(Codes.LimitOutput, $"A report node makes at most {Most} artifacts. Join some of them.");
            }

            _files[name] = file = new Draft(name, mediaType, new MemoryStream());
        }

        if (file.MediaType != mediaType)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"ctx.artifact: '{name}' was begun as {file.MediaType}. Use another name.");
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        if (_bytes + bytes.Length > MostBytes)
        {
            throw new SecFlowException(Codes.LimitOutput, $"The artifacts of one node have at most {MostBytes} bytes together. Leave details out and say so in the report.");
        }

        _bytes += bytes.Length;
        file.Content.Write(bytes);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex FileName();
}
