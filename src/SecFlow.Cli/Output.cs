using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace SecFlow.Cli;

/// <summary>JSON and tables on stdout.</summary>
internal static class Output
{
    private const int WidthWithoutTerminal = 200;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    public static Task WriteJsonAsync(Terminal terminal, JsonNode value) => terminal.Out.WriteLineAsync(value.ToJsonString(Json));

    /// <summary>JSON text with line breaks, for a person; text that is no JSON as it is.</summary>
    public static string Readable(string json)
    {
        try
        {
            return JsonNode.Parse(json)?.ToJsonString(Json) ?? json;
        }
        catch (JsonException)
        {
            return Plain(json);
        }
    }

    /// <summary>A table; what a target said is text, never markup or an escape sequence.</summary>
    public static void WriteTable(Terminal terminal, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(TableBorder.Minimal);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => (Spectre.Console.Rendering.IRenderable)new Text(Plain(cell))));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(terminal.Out),
            Ansi = terminal.IsPerson ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = terminal.IsPerson ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!terminal.IsPerson)
        {
            console.Profile.Width = WidthWithoutTerminal;
        }

        console.Write(table);
    }

    /// <summary>Without control characters: a page title must not move the cursor.</summary>
    public static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
