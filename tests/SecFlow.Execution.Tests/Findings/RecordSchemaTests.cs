using System.Text.Json;
using System.Text.Json.Nodes;
using NJsonSchema;
using SecFlow.Execution.Findings;

namespace SecFlow.Execution.Tests.Findings;

public sealed class RecordSchemaTests
{
    private static readonly Dictionary<string, string> _valid = new(StringComparer.Ordinal)
    {
        ["urls"] = """{"url":"http://h/","method":"GET","body":"a=b","status":200,"outOfScope":true,"source":"s"}""",
        ["hosts"] = """{"host":"h","ip":"10.0.0.1","source":"s"}""",
        ["services"] = """{"host":"h","ip":"10.0.0.1","port":443,"protocol":"tcp","product":"p","version":"1","cpe":"cpe:2.3:a:b:c"}""",
        ["files"] = """{"path":"a/b","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","kind":"text"}""",
        ["findings"] = """{"ruleId":"r","title":"t","severity":"high","confidence":50,"location":"http://h/","cwe":[79],"cve":["CVE-2024-12345"],"owasp":"A03:2021","cvss":{"version":"3.1","vector":"v","score":9.8},"attack":["T1190"],"references":["http://r/"],"evidence":{"request":"q","response":"p","match":"m"}}""",
        ["finding-patch"] = """{"fingerprint":"0000000000000000000000000000000000000000000000000000000000000000","description":"d","remediation":"r","cwe":[79],"cve":["CVE-2024-12345"],"owasp":"A03:2021","cvss":{"version":"3.1","vector":"v","score":9.8},"attack":["T1190"],"references":["http://r/"]}""",
        ["finding-hide"] = """{"fingerprint":"0000000000000000000000000000000000000000000000000000000000000000","hidden":"why"}""",
    };

    // Tried in the place of every value of a valid record.
    private static readonly string[] _values =
    [
        "null", "true", "0", "-1", "1", "79", "100", "101", "1000", "65536", "99999", "100000", "1e400", "9.5", "10.01", "\"\"", "\"x\"", "\"http://h\"", "\"http://h h\"", "\"ftp://h\"",
        "\"A03\"", "\"A03:21\"", "\"CVE-2024-1\"", "\"T12\"", "\"critical\"", "\"CRITICAL\"", "\"tcp\"", "[]", "[1]", "[\"x\"]", "[null]", "[[]]", "{}", "{\"a\":1}",
        "\"" + new string('é', 16) + "\"", "\"" + new string('y', 201) + "\"", "\"" + new string('z', 9000) + "\"", "[" + string.Join(',', Enumerable.Repeat("79", 51)) + "]", "\"sha256:xyz\"", "\"\\ud83d\\ude00\"",
    ];

    public static TheoryData<string> Types => [.. _valid.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Problem_OfEveryMutation_AgreesWithAnotherReaderOfTheSameSchema(string type)
    {
        var other = await JsonSchema.FromJsonAsync(RecordSchemas.Text(type));
        RecordSchemas.Problem(type, _valid[type]).ShouldBeNull();
        foreach (var record in Mutations(JsonNode.Parse(_valid[type])!.AsObject()))
        {
            (RecordSchemas.Problem(type, record) is null).ShouldBe(other.Validate(record).Count == 0, record);
        }
    }

    [Fact]
    public void Problem_NamesAtMostThreeReasons()
    {
        RecordSchemas.Problem("findings", "{}")!.Split("; ").ShouldBe(["'ruleId' is missing", "'title' is missing", "'severity' is missing"]);
        RecordSchemas.Problem("findings", """{"ruleId":"r","title":"t","severity":"low","location":"x","cwe":[0,"79"],"cvss":{"score":11}}""")
            .ShouldBe("'cwe[0]' is not between 1 and 99999; 'cwe[1]' is not an integer; 'score' is not between 0 and 10");
        RecordSchemas.Problem("urls", """{"url":"http://h/","source":""}""").ShouldBe("'source' is empty");
        RecordSchemas.Problem("files", """{"path":"p","digest":"sha256:","kind":"k"}""").ShouldBe("'digest' has less than 71 characters");
        RecordSchemas.Problem("finding-patch", $$"""{"fingerprint":"{{new string('0', 64)}}"}""").ShouldBe("the record has 1 fields, at least 2 are needed");
        RecordSchemas.Problem("urls", """{"url":"http://h/","source":"s","outOfScope":"yes"}""").ShouldBe("'outOfScope' is not a boolean");
        RecordSchemas.Problem("json", "[1]").ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"type":"object","maxProperties":1}""")]
    [InlineData("""{"type":"null"}""")]
    [InlineData("""{"additionalProperties":{"type":"string"}}""")]
    public void Schema_WithARuleThatWouldNotBeHeld_IsRefused(string schema) => Should.Throw<ArgumentException>(() => RecordSchema.Parse(schema));

    [Fact]
    public void Schemas_OfEveryType_AreUnderstood()
    {
        foreach (var type in RecordSchemas.Types)
        {
            RecordSchemas.Of(type).ShouldNotBeNull();
        }
    }

    private static IEnumerable<string> Mutations(JsonObject record)
    {
        foreach (var name in record.Select(p => p.Key).ToList())
        {
            var without = record.DeepClone().AsObject();
            without.Remove(name);
            yield return without.ToJsonString();
            foreach (var value in _values)
            {
                yield return With(record, name, value);
            }

            if (record[name] is JsonObject inner)
            {
                foreach (var changed in Mutations(inner))
                {
                    yield return With(record, name, changed);
                }
            }
        }

        yield return With(record, "unknown", "1");
    }

    // As text: a number beyond every number type stays what it is.
    private static string With(JsonObject record, string name, string value)
    {
        var changed = record.DeepClone().AsObject();
        changed[name] = "\u0001";
        return changed.ToJsonString().Replace("\"\\u0001\"", value, StringComparison.Ordinal);
    }
}
