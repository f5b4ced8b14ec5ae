"use strict";
var styles = ":root{color-scheme:light dark;--ink:#1d2530;--soft:#566070;--line:#d9dee6;--paper:#fff;--card:#f6f8fa}@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a4adba;--line:#353d49;--paper:#14181d;--card:#1c2229}}" +
    "*{box-sizing:border-box}body{margin:0 auto;max-width:62rem;padding:2rem 1.25rem;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}h1{font-size:1.9rem;margin:0 0 .25rem}h2{margin:2.5rem 0 .75rem;font-size:1.3rem}" +
    "h3{margin:0;font-size:1.05rem}.soft{color:var(--soft)}table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}" +
    "code,pre{font:.85rem/1.5 ui-monospace,monospace}td code,p code{overflow-wrap:anywhere}pre{background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}" +
    "article{background:var(--card);border:1px solid var(--line);border-left:.4rem solid var(--line);border-radius:.5rem;padding:1rem;margin:0 0 1rem;break-inside:avoid}.mark{font-weight:700;text-transform:uppercase;font-size:.8rem;letter-spacing:.04em}" +
    "article.critical{border-left-color:#8b1a3a}article.high{border-left-color:#c4361c}article.medium{border-left-color:#b87503}article.low{border-left-color:#2a6fb0}.gap{border-left-color:#b87503}ul{padding-left:1.2rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}" +
    "@media print{body{max-width:none;padding:0}}";
function esc(value) {
    return value === null || value === undefined ? "" : String(value).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
        .replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/'/g, "&#39;");
}
function cut(text, most) {
    return text.length > most ? text.substr(0, most) + " [" + (text.length - most) + " more characters]" : text;
}
function pageHead(title) {
    return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n" +
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>" + esc(title) + "</title>\n<style>" + styles + "</style>\n</head>\n<body>\n";
}
function row(cells) {
    return "<tr><td>" + cells.join("</td><td>") + "</td></tr>\n";
}
function table(heads, rows) {
    return "<table>\n<thead><tr><th>" + heads.map(esc).join("</th><th>") + "</th></tr></thead>\n<tbody>\n" + rows.join("") + "</tbody>\n</table>\n";
}
function fact(name, value) {
    return value === null || value === undefined || value === "" ? "" : "<dt>" + esc(name) + "</dt><dd>" + esc(value) + "</dd>";
}
function findingHtml(f, mostEvidence) {
    var evidence = f.evidence || {};
    var marks = [];
    (f.cwe || []).forEach(function (n) { marks.push("CWE-" + n); });
    (f.cve || []).forEach(function (n) { marks.push(n); });
    if (f.owasp) {
        marks.push("OWASP " + f.owasp);
    }
    return "<article class=\"" + esc(f.severity) + "\">\n<p class=\"mark\">" + esc(f.severity) + "</p>\n<h3>" + esc(f.title) + "</h3>\n<p><code>" + esc(cut((f.method ? f.method + " " : "") + f.location, 2000)) + "</code></p>\n" +
        (f.description ? "<p>" + esc(cut(f.description, 4000)) + "</p>\n" : "") + (f.remediation ? "<p><strong>What to do:</strong> " + esc(cut(f.remediation, 4000)) + "</p>\n" : "") +
        evidenceHtml("Request", evidence.request, mostEvidence) + evidenceHtml("Response", evidence.response, mostEvidence) + evidenceHtml("Proof", evidence.match, mostEvidence) +
        "<dl>" + fact("Rule", f.ruleId) + fact("Parameter", f.parameter) + fact("Confidence", f.confidence + " %") + fact("Classes", marks.join(", ")) + fact("Target", f.target) + fact("Found by", f.plugin) +
        fact("References", (f.references || []).slice(0, 20).join("; ")) + fact("Fingerprint", f.fingerprint) + "</dl>\n</article>\n";
}
function evidenceHtml(name, text, most) {
    return text ? "<p class=\"soft\">" + name + "</p>\n<pre>" + esc(cut(text, most)) + "</pre>\n" : "";
}
var severities = ["critical", "high", "medium", "low", "info"];
var Sheet = (function () {
    function Sheet(file) {
        this.file = file;
        this.pieces = [];
        this.length = 0;
    }
    Sheet.prototype.add = function (text) {
        this.pieces.push(text);
        this.length += text.length;
        if (this.length > 200000) {
            this.flush();
        }
    };
    Sheet.prototype.flush = function () {
        if (this.length > 0) {
            this.file.write(this.pieces.join(""));
            this.pieces = [];
            this.length = 0;
        }
    };
    return Sheet;
}());
var Shelf = (function () {
    function Shelf(config) {
        this.config = config;
        this.counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
        this.pages = { critical: [], high: [], medium: [], low: [], info: [] };
        this.hidden = [];
        this.shown = 0;
        this.hiddenCount = 0;
        this.characters = 0;
    }
    Shelf.prototype.add = function (f) {
        if (f.hidden) {
            this.hiddenCount++;
            if (this.hidden.length < 1000) {
                this.hidden.push(row([esc(f.severity), esc(cut(f.title, 300)), "<code>" + esc(cut(f.location, 500)) + "</code>", esc(f.hidden)]));
            }
            return;
        }
        this.counts[f.severity]++;
        if (this.shown < this.config.maxFindings && this.characters < mostCharacters) {
            var html = findingHtml(f, this.config.maxEvidence);
            this.shown++;
            this.characters += html.length;
            this.pages[f.severity].push(html);
        }
    };
    Object.defineProperty(Shelf.prototype, "total", {
        get: function () {
            return this.counts.critical + this.counts.high + this.counts.medium + this.counts.low + this.counts.info;
        },
        enumerable: false,
        configurable: true
    });
    return Shelf;
}());
var mostCharacters = 4500000;
module.exports = {
    execute: function (ctx) {
        var given = ctx.config || {};
        var config = { title: given.title || "", fileName: given.fileName || "report.html", maxFindings: given.maxFindings || 2000, maxEvidence: given.maxEvidence || 4000 };
        var run = ctx.run;
        var shelf = new Shelf(config);
        ctx.inputs.findings.each(function (finding) {
            shelf.add(finding);
        });
        ctx.progress(50, "Writing");
        var sheet = new Sheet(ctx.artifact(config.fileName, "text/html"));
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
function writeHead(sheet, ctx, config, run, shelf) {
    var title = config.title || run.workflow;
    sheet.add(pageHead(title) + "<h1>" + esc(title) + "</h1>\n<p class=\"soft\">Security report of the run <code>" + esc(run.id) + "</code>, made " + esc(run.reportedAt || "-") + ".</p>\n");
    var gaps = run.assessments.filter(function (a) { return a.verdict !== "completed"; }).length;
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
function notDone(node) {
    return node.status !== "Succeeded" && node.status !== "Pending";
}
function writeAssessments(sheet, run) {
    var line = function (a) {
        return row(["<code>" + esc(a.target) + "</code>", esc(a.plugin), esc(a.verdict), esc(a.reason)]);
    };
    var done = run.assessments.filter(function (a) { return a.verdict === "completed"; });
    var gaps = run.assessments.filter(function (a) { return a.verdict !== "completed"; });
    sheet.add("<h2>What was assessed</h2>\n" + (done.length > 0 ? table(["Target", "Plugin", "Result", "What was done"], done.map(line)) : "<p>Nothing was assessed completely.</p>\n"));
    sheet.add("<h2>What was not assessed, and why</h2>\n");
    var nodes = run.nodes.filter(notDone);
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
function writeFindings(sheet, shelf) {
    sheet.add("<h2>Findings</h2>\n");
    if (shelf.total === 0) {
        sheet.add("<p>No findings" + (shelf.hiddenCount > 0 ? " that are not hidden" : "") + ". What that is worth is said above.</p>\n");
    }
    else if (shelf.total > shelf.shown) {
        sheet.add("<p>" + shelf.shown + " of " + shelf.total + " findings are written out; the run's page has all.</p>\n");
    }
    severities.forEach(function (severity) {
        shelf.pages[severity].forEach(function (html) { sheet.add(html); });
    });
}
function writeHidden(sheet, shelf) {
    if (shelf.hiddenCount > 0) {
        sheet.add("<h2>Hidden in this run</h2>\n<p>" + shelf.hiddenCount + " findings were hidden by a filter. They are kept.</p>\n" + table(["Severity", "Title", "Place", "Why"], shelf.hidden));
    }
}
function writeProvenance(sheet, run) {
    sheet.add("<h2>How it was made</h2>\n<dl>" + fact("Workflow", run.workflow + ", version " + run.version) + fact("Started by", run.startedBy) + fact("Started", run.startedAt) + fact("Sandbox", run.sandbox) + fact("Trust policy", run.policyRevision) + "</dl>\n" +
        table(["Node", "Plugin", "Version", "Signed by", "Status", "Findings", "Rejected", "Requests", "Refused", "Package"], run.nodes.map(function (n) {
            return row([esc(n.id), esc(n.plugin), esc(n.version), esc(n.signer || "-"), esc(n.status), String(n.findings), String(n.rejected), String(n.requests), String(n.refused), "<code>" + esc(n.digest.substr(0, 19)) + "</code>"]);
        })));
}
