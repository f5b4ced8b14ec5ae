using System.Text.Json.Nodes;

namespace SecFlow.Plugins.Tests.Tools;

/// <summary>Reports of other projects (../shared/corpus, not part of this repository) and the number of findings that their own tests state. Where we differ, docs/decisions/0019 says why.</summary>
public sealed class CorpusTests
{
    private static readonly string Corpus = Path.Combine(Repository.Root, "..", "shared", "corpus");

    private static readonly Dictionary<string, int> Decided = new(StringComparer.Ordinal)
    {
        // merged there by template, type, matcher and host; here one finding a result, merged by fingerprint when stored
        ["nuclei/defectdojo-many_findings.json"] = 18,
        ["nuclei/defectdojo-multiple_v3.json"] = 6,

        // stated as 2 findings and 1 of them again; the file holds two results
        ["nuclei/defectdojo-many_findings_new.json"] = 2,

        // merged there over hosts
        ["nmap/defectdojo-issue12411.xml"] = 4,

        // counted there as well: each host that is up; here a hosts record
        ["nmap/securecodebox-no-ports.xml"] = 0,
        ["nmap/securecodebox-scanme.nmap.org-ipv6.xml"] = 3,
        ["nmap/securecodebox-local-network-verbose.xml"] = 21,
    };

    [FactWith("../shared/corpus/manifest.json", null)]
    public async Task Reports_OfTheCorpus_GiveTheStatedNumbersOfFindings()
    {
        var differences = new List<string>();
        var read = 0;
        foreach (var file in JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Corpus, "manifest.json")))!["files"]!.AsArray())
        {
            var plugin = (string)file!["tool"]! switch { "nuclei" => "scan.nuclei", "feroxbuster" => "discovery.feroxbuster", "ffuf" => "discovery.ffuf", "nmap" => "scan.nmap", _ => null };
            var name = (string)file["file"]!;
            if (plugin is null || !File.Exists(Path.Combine(Corpus, name)))
            {
                continue;
            }

            read++;
            var expected = Decided.TryGetValue(name, out var decided) ? decided : (int)file["expected_findings"]!;
            var report = await new PluginBench(plugin, _ => throw new InvalidOperationException("no http")).ParseAsync(await File.ReadAllBytesAsync(Path.Combine(Corpus, name)));
            if (report.Done.Outcome != SecFlow.PluginProtocol.HostOutcome.Completed || report.Findings.Count != expected || report.Verdicts.Count != 1)
            {
                differences.Add($"{name}: expected {expected}, found {report.Findings.Count} ({report.Done.Outcome} {report.Done.Message})");
            }
        }

        differences.ShouldBeEmpty();
        read.ShouldBeGreaterThan(0);
    }
}
