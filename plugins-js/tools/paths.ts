/** A path that a wordlist tool found. */
interface FoundPath {
  url: string;
  method: string;
  status: number;
  length: number | null;
  words: number | null;
  lines: number | null;
  contentType: string;
  redirect: string;
  /** What was put in where, when that is not in the url. */
  parameter: string;
  /** The site answers like this whatever is asked. */
  wildcard: boolean;
}

interface PathRule {
  id: string;
  pattern: RegExp;
  title: string;
  why: string;
}

/** Paths that are worth more than their being there, when they were answered with 2xx. */
const pathRules: PathRule[] = [
  { id: "exposed-repository", pattern: /\/\.(git|svn|hg|bzr)(\/|$)/i, title: "Files of a version control system", why: "History and sources can be downloaded." },
  { id: "exposed-settings", pattern: /\/(\.env(\.[a-z0-9_-]+)?|\.npmrc|\.htpasswd|\.aws\/credentials|wp-config\.php[~.][^\/]*|web\.config\.bak)$/i, title: "A file with settings or credentials", why: "Such files hold passwords and keys." },
  { id: "exposed-key", pattern: /\/(id_rsa|id_ed25519|[^\/]+\.(pem|key|pfx|p12))$/i, title: "A file that is named like a private key", why: "Whoever has the key can pass for the server or its users." },
  { id: "exposed-backup", pattern: /(\/(backups?|dump)(\/|$))|(\.(bak|old|orig|save|swp|sql|sqlite|dump|tar|tgz|zip|7z|rar)(\.gz)?$)|(\.tar\.(gz|bz2|xz)$)|~$/i, title: "A backup or a dump", why: "Backups hold sources, settings and data that the site itself does not show." }
];

/** The finding of one path. */
function pathFinding(found: FoundPath): SecFlow.Finding {
  const place = stablePlace(found.url);
  const url = parseUrl(found.url);
  const path = url === null ? place : url.path;
  const rule = found.status >= 200 && found.status < 300 && !found.wildcard ? ruleOf(path) : null;
  const facts = [];
  facts.push("Answered " + (found.method || "GET") + " with " + found.status + ".");
  if (found.length !== null) {
    facts.push(found.length + " bytes" + (found.words === null ? "" : ", " + found.words + " words") + (found.lines === null ? "" : ", " + found.lines + " lines") + ".");
  }

  if (found.contentType !== "") {
    facts.push("Type " + clipped(found.contentType, 200) + ".");
  }

  if (found.redirect !== "") {
    facts.push("Leads to " + clipped(found.redirect, 1000) + ".");
  }

  if (found.wildcard) {
    facts.push("The site answers like this whatever is asked: that something is there is not certain.");
  }

  const finding: SecFlow.Finding = {
    ruleId: found.wildcard ? "wildcard" : rule === null ? "found" : rule.id,
    title: clipped("HTTP " + found.status + ": " + (rule === null ? "" : rule.title + ": ") + path, 200),
    severity: rule === null ? "info" : "medium",
    confidence: found.wildcard ? 20 : rule === null ? 90 : 70,
    location: place || "unknown",
    method: clipped(found.method || "GET", 16).toUpperCase(),
    description: (rule === null ? "" : rule.why + " ") + facts.join(" "),
    evidence: { match: clipped(found.url, 4096) }
  };
  if (found.parameter !== "") {
    finding.parameter = clipped(found.parameter, 500);
  }

  if (rule !== null) {
    finding.cwe = [538];
    finding.remediation = "Remove the file from what the server publishes, and change every secret that was in it.";
  }

  return finding;
}

function ruleOf(path: string): PathRule | null {
  for (let i = 0; i < pathRules.length; i++) {
    if (pathRules[i].pattern.test(path)) {
      return pathRules[i];
    }
  }

  return null;
}

/** The record of the `urls` dataset, or null for what no later node can ask for. */
function urlRecord(found: FoundPath, source: string): SecFlow.UrlRecord | null {
  if (found.wildcard || found.parameter !== "" || !/^https?:\/\/[^\s]+$/.test(found.url) || found.url.length > 8192 || found.status < 100 || found.status > 999) {
    return null;
  }

  return { url: found.url, method: clipped(found.method || "GET", 16), status: found.status, source: source };
}

/** Says a found path: a finding, and a url for the nodes behind. */
function sayPath(ctx: SecFlow.Context, found: FoundPath, source: string, target: string | null): void {
  const finding = pathFinding(found);
  if (target !== null) {
    finding.target = target;
  }

  ctx.finding(finding);
  const record = urlRecord(found, source);
  if (record !== null) {
    ctx.emit("urls", record);
  }
}

interface WordlistConfig {
  wordlist?: string;
  /** Seconds for one target. */
  timeout?: number;
}

/**
 * Runs a wordlist tool on one target after the other and hands `read` what it left. A target without an http address is misused, one that does not answer
 * is not scanned. `unit`: what a line of the tool is called in the progress.
 */
function overWordlist(
  ctx: SecFlow.Context<WordlistConfig>, tool: string, report: string, unit: string,
  command: (target: SecFlow.Target) => string[], read: (result: SecFlow.ToolResult, target: SecFlow.Target, checks: string[]) => void
): void {
  const words = ctx.resource(ctx.config.wordlist || "res://wordlist/common:latest");
  for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
    const target = ctx.targets[i];
    if (!target.url || parseUrl(target.url) === null) {
      ctx.verdict("misused", "A target of kind " + target.kind + " has no http address; this plugin needs a url or a host.", { target: target.id, checks: [] });
      continue;
    }

    const before = silence(ctx, target.url);
    if (before !== null) {
      ctx.verdict(before.kind, before.reason, { target: target.id, checks: [] });
      continue;
    }

    const args = command(target);
    let seen = 0;
    const result = ctx.tool(tool, args, {
      inputs: { "words.txt": words }, files: [report], timeout: (ctx.config.timeout || 240) + 30,
      onLine: function () {
        seen++;
        ctx.progress(100 * i / ctx.targets.length, seen + " " + unit + " of " + target.name);
      }
    });
    read(result, target, [checkOf(tool, [args, words.size])]);
  }

  ctx.progress(100, "Done");
}
