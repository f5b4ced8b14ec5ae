const styles =
  ":root{color-scheme:light dark;--ink:#1d2530;--soft:#566070;--line:#d9dee6;--paper:#fff;--card:#f6f8fa}@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a4adba;--line:#353d49;--paper:#14181d;--card:#1c2229}}" +
  "*{box-sizing:border-box}body{margin:0 auto;max-width:62rem;padding:2rem 1.25rem;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}h1{font-size:1.9rem;margin:0 0 .25rem}h2{margin:2.5rem 0 .75rem;font-size:1.3rem}" +
  "h3{margin:0;font-size:1.05rem}.soft{color:var(--soft)}table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}" +
  "code,pre{font:.85rem/1.5 ui-monospace,monospace}td code,p code{overflow-wrap:anywhere}pre{background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}" +
  "article{background:var(--card);border:1px solid var(--line);border-left:.4rem solid var(--line);border-radius:.5rem;padding:1rem;margin:0 0 1rem;break-inside:avoid}.mark{font-weight:700;text-transform:uppercase;font-size:.8rem;letter-spacing:.04em}" +
  "article.critical{border-left-color:#8b1a3a}article.high{border-left-color:#c4361c}article.medium{border-left-color:#b87503}article.low{border-left-color:#2a6fb0}.gap{border-left-color:#b87503}ul{padding-left:1.2rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}" +
  "@media print{body{max-width:none;padding:0}}";

/** Text for any place of the page: nothing of a target, a plugin or a person is ever markup. */
function esc(value: any): string {
  return value === null || value === undefined ? "" : String(value).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
    .replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/'/g, "&#39;");
}

/** At most so many characters, and said so. */
function cut(text: string, most: number): string {
  return text.length > most ? text.substr(0, most) + " [" + (text.length - most) + " more characters]" : text;
}

function pageHead(title: string): string {
  // no script, nothing loaded, nothing sent; the style sheet is the only thing that is allowed
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n" +
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>" + esc(title) + "</title>\n<style>" + styles + "</style>\n</head>\n<body>\n";
}

function row(cells: string[]): string {
  return "<tr><td>" + cells.join("</td><td>") + "</td></tr>\n";
}

function table(heads: string[], rows: string[]): string {
  return "<table>\n<thead><tr><th>" + heads.map(esc).join("</th><th>") + "</th></tr></thead>\n<tbody>\n" + rows.join("") + "</tbody>\n</table>\n";
}

function fact(name: string, value: any): string {
  return value === null || value === undefined || value === "" ? "" : "<dt>" + esc(name) + "</dt><dd>" + esc(value) + "</dd>";
}

function findingHtml(f: SecFlow.KnownFinding, mostEvidence: number): string {
  const evidence = f.evidence || {};
  const marks: string[] = [];
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

function evidenceHtml(name: string, text: string | undefined, most: number): string {
  return text ? "<p class=\"soft\">" + name + "</p>\n<pre>" + esc(cut(text, most)) + "</pre>\n" : "";
}
