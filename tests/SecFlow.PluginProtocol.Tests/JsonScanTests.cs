using System.Globalization;
using System.Text;
using System.Text.Json;
using SecFlow.TestKit;

namespace SecFlow.PluginProtocol.Tests;

/// <summary>The scan beside the platform's reader: the same texts, the same values, the same refusals.</summary>
public sealed class JsonScanTests
{
    private const int Seed = 20260302;

    private static readonly string[] _documents =
    [
        "{}", "[]", "[[],{}]", " { \"a\" : [ 1 , 2 ] } ", "\"\"", "\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\te\\u00e9\\ud83d\\ude00\"", "\"\u00e9\U0001F600\"",
        "0", "-0", "-1.5e+3", "1E-7", "123456789012345678901234567890", "0.1", "1e400", "true", "false", "null", "\n[\ttrue,\r\nnull ]",
        "{\"a\":{\"b\":[{\"c\":\"d\"}]},\"e\":-1,\"f\":[false,\"\"],\"\":null}",
        "", " ", "{", "[", "{]", "[}", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{\"a\"}", "{\"a\":}", "{a:1}", "{,}", "[1]]", "1 2", "nul", "nulll", "True", "NaN", "-", "+1", "01", "1.", ".5", "1e", "1e+", "--1", "0x1",
        "\"a", "a\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\u0001\"", "\"a\nb\"", "'a'", "/*c*/1", "[1,//\n2]", "\ufeff1", "\u00a01", "[\"\\ud800\"]", "[\"\\ude00\\ud83d\"]",
    ];

    public static TheoryData<string> Documents => new(_documents);

    [Theory]
    [MemberData(nameof(Documents))]
    public void Scan_Document_AsThePlatformReadsIt(string json) => Compare(Encoding.UTF8.GetBytes(json));

    [Theory]
    [InlineData(Frames.MaxDepth, true)]
    [InlineData(Frames.MaxDepth + 1, false)]
    public void Scan_Depth_IsBounded(int depth, bool taken)
    {
        var json = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("[{\"a\":", depth / 2)) + (depth % 2 == 1 ? "[]" : "1") + string.Concat(Enumerable.Repeat("}]", depth / 2)));

        (Scanned(json) is not null).ShouldBe(taken);
        Compare(json);
    }

    [Fact]
    public void Scan_NoUtf8_IsRefused() => Scanned([(byte)'"', 0xC3, (byte)'"']).ShouldBeNull();

    [Fact]
    public async Task Scan_MutatedDocuments_AsThePlatformReadsThem()
    {
        string[] words = ["\"", "\\", "\\u", "\\ud83d", "\\ude00", "{", "}", "[", "]", ",", ":", "-", "e", "1e5", "null", "true", "\u0000", " "];
        await Fuzz.RunAsync(Seed, new Mutator(Seed, [.. _documents.Where(d => d.Length > 1).Select(Encoding.UTF8.GetBytes)], words), bytes =>
        {
            Compare(bytes);
            return Task.CompletedTask;
        });
    }

    [Theory]
    [InlineData("1", 1L)]
    [InlineData("-7.0", -7L)]
    [InlineData("9007199254740992", 9_007_199_254_740_992L)]
    [InlineData("1.5", null)]
    [InlineData("1e300", null)]
    [InlineData("\"1\"", null)]
    public void Int64_TakesWholeNumbersOnly(string json, long? expected)
    {
        long? Read()
        {
            try
            {
                return new JsonScan(Encoding.UTF8.GetBytes(json)).Int64();
            }
            catch (JsonException)
            {
                return null;
            }
        }

        Read().ShouldBe(expected);
    }

    private static void Compare(byte[] json) => Scanned(json).ShouldBe(Platform(json), customMessage: Convert.ToHexString(json) + " = " + Encoding.UTF8.GetString(json));

    private static string? Platform(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = Frames.MaxDepth });
            var text = new StringBuilder();
            Write(document.RootElement, text);
            return text.ToString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Scanned(byte[] json)
    {
        try
        {
            // Passed over and read must agree on where it ends.
            var skipping = new JsonScan(json);
            skipping.Value();
            skipping.End();
            var scan = new JsonScan(json);
            var text = new StringBuilder();
            Write(ref scan, text);
            scan.End();
            scan.At.ShouldBe(json.Length);
            return text.ToString();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Write(JsonElement value, StringBuilder to)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                to.Append('{');
                foreach (var property in value.EnumerateObject())
                {
                    Text(property.Name, to);
                    Write(property.Value, to);
                }

                to.Append('}');
                break;
            case JsonValueKind.Array:
                to.Append('[');
                foreach (var item in value.EnumerateArray())
                {
                    Write(item, to);
                }

                to.Append(']');
                break;
            case JsonValueKind.String:
                Text(value.GetString()!, to);
                break;
            case JsonValueKind.Number:
                Number(value.GetDouble(), to);
                break;
            default:
                to.Append(value.GetRawText()[0]).Append(' ');
                break;
        }
    }

    private static void Write(ref JsonScan scan, StringBuilder to)
    {
        switch ((char)scan.Peek())
        {
            case '{':
                to.Append('{');
                scan.Object();
                while (scan.Property(out var name))
                {
                    Text(name, to);
                    Write(ref scan, to);
                }

                to.Append('}');
                break;
            case '[':
                to.Append('[');
                scan.Array();
                while (scan.Item())
                {
                    Write(ref scan, to);
                }

                to.Append(']');
                break;
            case '"':
                Text(scan.Text(), to);
                break;
            case 't' or 'f' or 'n':
                to.Append((char)scan.Word()).Append(' ');
                break;
            default:
                Number(scan.Number(), to);
                break;
        }
    }

    private static void Text(string text, StringBuilder to) => to.Append(text.Length).Append(':').Append(text);

    private static void Number(double number, StringBuilder to) => to.Append(BitConverter.DoubleToInt64Bits(number).ToString("x", CultureInfo.InvariantCulture)).Append(' ');
}
