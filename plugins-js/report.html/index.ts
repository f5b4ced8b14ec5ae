interface Config {
  title: string;
  fileName: string;
  maxFindings: number;
  maxEvidence: number;
}

const severities: SecFlow.Severity[] = ["critical", "high", "medium", "low", "info"];

/** Keeps pieces until they are worth a call to the engine. */
class Sheet {
  private pieces: string[] = [];
  private length = 0;

  constructor(private readonly file: SecFlow.Artifact) {
  }

  add(text: string): void {
    this.pieces.push(text);
    this.length += text.length;
    if (this.length > 200000) {
      this.flush();
    }
  }

  flush(): void {
    if (this.length > 0) {
      this.file.write(this.pieces.join(""));
      this.pieces = [];
      this.length = 0;
    }
  }
}

/** What the report knows of the findings before it writes them. */
class Shelf {
  readonly counts: { [severity: string]: number } = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  readonly pages: { [severity: string]: string[] } = { critical: [], high: [], medium: [], low: [], info: [] };
  readonly hidden: string[] = [];
  shown = 0;
  hiddenCount = 0;
  private characters = 0;

  constructor(private readonly config: Config) {
  }

  add(f: SecFlow.KnownFinding): void {
    if (f.hidden) {
      this.hiddenCount++;
      if (this.hidden.length < 1000) {
        this.hidden.push(row([esc(f.severity), esc(cut(f.title, 300)), "<code>" + esc(cut(f.location, 500)) + "</code>", esc(f.hidden)]));
      }

      return;
    }

    this.counts[f.severity]++;
    if (this.shown < this.config.maxFindings && this.characters < mostCharacters) {
      const html = findingHtml(f, this.config.maxEvidence);
      this.shown++;
      this.characters += html.length;
      this.pages[f.severity].push(html);
    }
  }

  get total(): number {
    return this.counts.critical + this.counts.high + this.counts.medium + this.counts.low + this.counts.info;
  }
}

// the engine keeps 16 MiB of artifacts for a node; text outside ASCII takes up to three bytes a character
const mostCharacters = 4500000;

module.exports = {
  execute: function (ctx: SecFlow.Context<Partial<Config>>): void {
    const given = ctx.config || {};
    const config: Config = { title: given.title || "", fileName: given.fileName || "report.html", maxFindings: given.maxFindings || 2000, maxEvidence: given.maxEvidence || 4000 };
    const run = ctx.run as any as SecFlow.ReportRun;
    const shelf = new Shelf(config);
    ctx.inputs.findings.each(function (finding: SecFlow.KnownFinding) {
      shelf.add(finding);
    });
    ctx.progress(50, "Writing");
    const sheet = new Sheet(ctx.artifact(config.fileName, "text/html"));
    writeHead(sheet, ctx, config, run, shelf);
    writeAssessments(sheet, run);
    writeFindings(sheet, shelf);
    writeHidden(sheet, shelf);
    writeProvenance(sheet, run);
    sheet.add("</body>\n</html>\n");
    sheet.flush();
    ctx.progress(100, shelf.total + " findings");
  }
};

function writeHead(sheet: Sheet, ctx: SecFlow.Context<Partial<Config>>, config: Config, run: SecFlow.ReportRun, shelf: Shelf): void {
  const title = config.title || run.workflow;
  sheet.add(pageHead(title) + "<h1>" + esc(title) + "</h1>\n<p class=\"soft\">Security report of the run <code>" + esc(run.id) + "</code>, made " + esc(run.reportedAt || "-") + ".</p>\n");
  const gaps = run.assessments.filter(function (a) { return a.verdict !== "completed"; }).length;
  sheet.add("<h2>Summary</h2>\n" + table(["Critical", "High", "Medium", "Low", "Info", "Hidden", "Not completely assessed"], [row([
    String(shelf.counts.critical), String(shelf.counts.high), String(shelf.counts.medium), String(shelf.counts.low), String(shelf.counts.info), String(shelf.hiddenCount), String(gaps)
  ])]));
  if (gaps > 0 || run.nodes.some(function (n) { return notDone(n); })) {
    sheet.add("<article class=\"gap\"><p><strong>Not everything was assessed.</strong> Where something is missing below, no finding does not mean no weakness.</p></article>\n");
  }

  sheet.add("<h2>Scope</h2>\n" + table(["Target", "Kind", "Address"], ctx.targets.map(function (t) {
    return row([esc(t.name), esc(t.kind), "<code>" + esc(t.value) + "</code>"]);
  })) + "<p class=\"soft\">Scope revision <code>" + esc(run.scopeRevision) + "</code></p>\n");
}

function notDone(node: SecFlow.NodeFacts): boolean {
  return node.status !== "Succeeded" && node.status !== "Pending";
}

function writeAssessments(sheet: Sheet, run: SecFlow.ReportRun): void {
  const line = function (a: SecFlow.AssessmentFacts): string {
    return row(["<code>" + esc(a.target) + "</code>", esc(a.plugin), esc(a.verdict), esc(a.reason)]);
  };
  const done = run.assessments.filter(function (a) { return a.verdict === "completed"; });
  const gaps = run.assessments.filter(function (a) { return a.verdict !== "completed"; });
  sheet.add("<h2>What was assessed</h2>\n" + (done.length > 0 ? table(["Target", "Plugin", "Result", "What was done"], done.map(line)) : "<p>Nothing was assessed completely.</p>\n"));
  sheet.add("<h2>What was not assessed, and why</h2>\n");
  const nodes = run.nodes.filter(notDone);
  if (gaps.length === 0 && nodes.length === 0) {
    sheet.add("<p>Every node before this report assessed its targets completely.</p>\n");
  }

  if (gaps.length > 0) {
    sheet.add(table(["Target", "Plugin", "Result", "Reason"], gaps.map(line)));
  }

  if (nodes.length > 0) {
    sheet.add("<p>Nodes that did not come to a good end:</p>\n" + table(["Node", "Plugin", "Status", "Reason"], nodes.map(function (n) {
      return row([esc(n.id), esc(n.plugin), esc(n.status), esc(n.code ? n.code + ": " + n.message : "")]);
    })));
  }

  if (run.assessmentCount > run.assessments.length) {
    sheet.add("<p>Only " + run.assessments.length + " of " + run.assessmentCount + " assessments are listed; the run's page has all.</p>\n");
  }
}

function writeFindings(sheet: Sheet, shelf: Shelf): void {
  sheet.add("<h2>Findings</h2>\n");
  if (shelf.total === 0) {
    sheet.add("<p>No findings" + (shelf.hiddenCount > 0 ? " that are not hidden" : "") + ". What that is worth is said above.</p>\n");
  } else if (shelf.total > shelf.shown) {
    sheet.add("<p>" + shelf.shown + " of " + shelf.total + " findings are written out; the run's page has all.</p>\n");
  }

  severities.forEach(function (severity) {
    shelf.pages[severity].forEach(function (html) { sheet.add(html); });
  });
}

function writeHidden(sheet: Sheet, shelf: Shelf): void {
  if (shelf.hiddenCount > 0) {
    sheet.add("<h2>Hidden in this run</h2>\n<p>" + shelf.hiddenCount + " findings were hidden by a filter. They are kept.</p>\n" + table(["Severity", "Title", "Place", "Why"], shelf.hidden));
  }
}

function writeProvenance(sheet: Sheet, run: SecFlow.ReportRun): void {
  sheet.add("<h2>How it was made</h2>\n<dl>" + fact("Workflow", run.workflow + ", version " + run.version) + fact("Started by", run.startedBy) + fact("Started", run.startedAt) + fact("Sandbox", run.sandbox) + fact("Trust policy", run.policyRevision) + "</dl>\n" +
    table(["Node", "Plugin", "Version", "Signed by", "Status", "Findings", "Rejected", "Requests", "Refused", "Package"], run.nodes.map(function (n) {
      return row([esc(n.id), esc(n.plugin), esc(n.version), esc(n.signer || "-"), esc(n.status), String(n.findings), String(n.rejected), String(n.requests), String(n.refused), "<code>" + esc(n.digest.substr(0, 19)) + "</code>"]);
    })));
}
