using System.Text.Encodings.Web;
using System.Text.Json;

namespace SecFlow.Cli.Plugins.Scaffolding;

/// <summary>The files of a new plugin, from the templates that travel in this program; nothing of a repository is needed.</summary>
internal static class Scaffold
{
    private const string Template = "template/";
    private const string Sdk = "sdk/";
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Contents by path with <c>/</c>.</summary>
    /// <param name="id">Of the plugin.</param>
    /// <param name="title">Of the plugin.</param>
    /// <param name="javaScript">Plain ES5 instead of TypeScript.</param>
    /// <param name="gitHub">With a workflow that signs and releases.</param>
    public static SortedDictionary<string, string> Files(string id, string title, bool javaScript, bool gitHub)
    {
        var assembly = typeof(Scaffold).Assembly;
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames())
        {
            var path = name.Replace('\\', '/');
            var parts = path.StartsWith(Template, StringComparison.Ordinal) ? path[Template.Length..].Split('/', 2) : path.StartsWith(Sdk, StringComparison.Ordinal) ? ["sdk", path[Sdk.Length..]] : [];
            if (parts is [var kind, var file] && (kind is "common" or "sdk" || kind == (javaScript ? "javascript" : "typescript") || (gitHub && kind is "github")))
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                files[kind is "github" ? ".github/workflows/" + file : file == "gitignore" ? ".gitignore" : file] = Fill(reader.ReadToEnd(), id, title);
            }
        }

        return files;
    }

    /// <summary>Writes them into a folder that is not there yet: under another name first, so that it is there whole or not at all.</summary>
    public static void Write(string folder, SortedDictionary<string, string> files)
    {
        var temporary = folder.TrimEnd('/') + ".new-" + Guid.NewGuid().ToString("N");
        try
        {
            foreach (var (path, text) in files)
            {
                var file = Path.Combine(temporary, path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllText(file, text);
            }

            Directory.Move(temporary, folder);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    // A JSON text is a YAML text as well: quotes and colons in a title do no harm.
    private static string Fill(string template, string id, string title) => template
        .Replace("title: {{title}}", "title: " + JsonSerializer.Serialize(title, Json), StringComparison.Ordinal)
        .Replace("{{titleJson}}", JsonSerializer.Serialize(title, Json), StringComparison.Ordinal)
        .Replace("{{title}}", title, StringComparison.Ordinal)
        .Replace("{{name}}", id[(id.IndexOf('.', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal)
        .Replace("{{id}}", id, StringComparison.Ordinal);
}
