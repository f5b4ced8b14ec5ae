namespace SecFlow.Portal.Components.Pages;

/// <summary>Recipes to start from.</summary>
public sealed record RecipeTemplate(string Name, string Yaml);

/// <summary>The templates of the page "New workflow".</summary>
public static class RecipeTemplates
{
    public static IReadOnlyList<RecipeTemplate> All { get; } =
    [
        new("Web baseline", """
            version: "1.0"
            name: Web baseline
            description: Headers, cookies, exposed files and other basics of each target.
            nodes:
              - id: baseline
                type: scan.web-baseline
                inputs: [targets]
                outputs: [findings]
                timeout: 5m

            """),
        new("Web baseline with retry", """
            version: "1.0"
            name: Web baseline with retry
            description: As the baseline, tried again when the target does not answer.
            nodes:
              - id: baseline
                type: scan.web-baseline
                inputs: [targets]
                outputs: [findings]
                timeout: 10m
                retry: { max_attempts: 3, backoff_factor: 2.0, base_delay: 5 }
                on_failure: stop

            """),
        new("feroxbuster, nuclei, CVE data", """
            version: "1.0"
            name: Linear Security Scan
            description: discovery -> scan -> enrich. Needs the tools feroxbuster and nuclei, imported templates and imported CVE data; the plan says what is missing.
            nodes:
              - id: discovery
                type: discovery.ferox
                config: { wordlist: "res://wordlist/common:latest", threads: 50 }
                inputs: [targets]
                outputs: [urls]
              - id: scan
                type: scan.nuclei
                config: { templates: "res://templates/nuclei:latest", rate_limit: 150 }
                inputs: [urls]
                outputs: [findings]
              - id: enrich
                type: enrich.cve
                config: { sources: [nvd, kev, epss] }
                inputs: [findings]
                outputs: [enriched_findings]
            retry: { max_attempts: 3, backoff_factor: 2.0, base_delay: 5 }
            state: { checkpoint_interval: 30, resume_on_failure: true }

            """),
        new("Ports and paths with nmap and ffuf", """
            version: "1.0"
            name: Ports and paths
            description: Open ports with nmap, paths of a wordlist with ffuf.
            nodes:
              - id: ports
                type: scan.nmap
                inputs: [targets]
                outputs: { findings: port_findings }
                timeout: 10m
                on_failure: continue
              - id: paths
                type: discovery.ffuf
                config: { wordlist: "res://wordlist/common:latest" }
                inputs: [targets]
                outputs: [urls]
                timeout: 10m

            """),
        new("Web application: discover, crawl, scan, enrich, report", """
            version: "1.0"
            name: Web application
            description: Discovers, crawls, scans, enriches and reports. The targets must be authorised for intrusive plugins; without the node reflection, safe is enough.
            nodes:
              - id: discover
                type: discovery.content
                inputs: [targets]
                outputs: { urls: content }
                timeout: 10m
                on_failure: continue
              - id: crawl
                type: discovery.crawl
                inputs: [targets]
                outputs: { urls: pages }
                timeout: 10m
                on_failure: continue
              - id: baseline
                type: scan.web-baseline
                inputs: [targets]
                outputs: { findings: baseline_findings }
                timeout: 10m
                on_failure: continue
              - id: reflection
                type: scan.reflection
                inputs: { urls: [pages, content] }
                outputs: { findings: input_findings }
                timeout: 20m
                on_failure: continue
              - id: tls
                type: scan.tls
                inputs: [targets]
                outputs: { findings: tls_findings }
                timeout: 5m
                on_failure: continue
              - id: enrich
                type: enrich.cwe
                inputs: { findings: [baseline_findings, input_findings, tls_findings] }
                outputs: { findings: enriched }
                on_failure: continue
              - id: filter
                type: filter.severity
                config: { minSeverity: low }
                inputs: { findings: enriched }
                outputs: { findings: shown }
                on_failure: continue
              - id: report
                type: report.html
                inputs: { findings: shown }

            """),
    ];
}
