interface Config {
  templates?: string;
  rate_limit?: number;
  severity?: string[];
  tags?: string[];
  excludeTags?: string[];
  timeout?: number;
  requestTimeout?: number;
  mostUrls?: number;
}

const reportName = "report.jsonl";

/** Urls of the input that belong to a target; without an input, the target itself. */
interface UrlList {
  urls: string[];
  left: number;
}

/** The command line for one target, nuclei 2.9.1 and newer (since then -jsonl). */
function commandFor(config: Config, target: SecFlow.Target, templates: string[], isList: boolean): string[] {
  const args = isList ? ["-l", "/in/urls.txt"] : ["-u", target.url || plainHost(target.value) || ""];
  for (let i = 0; i < templates.length; i++) {
    args.push("-t", templates[i]);
  }

  args.push(
    "-jsonl", "-o", "/out/" + reportName, "-silent", "-no-color", "-duc", "-no-stdin", "-omit-raw", "-omit-template", "-no-interactsh", "-stats", "-stats-json", "-stats-interval", "5",
    "-rate-limit", String(rateOf(target, config.rate_limit)), "-timeout", String(config.requestTimeout || 10), "-retries", "1"
  );
  if (config.severity && config.severity.length > 0) {
    args.push("-severity", config.severity.join(","));
  }

  if (config.tags && config.tags.length > 0) {
    args.push("-tags", config.tags.join(","));
  }

  const without = config.excludeTags || ["intrusive", "dos", "fuzz", "bruteforce"];
  if (without.length > 0) {
    args.push("-etags", without.join(","));
  }

  if (target.userAgent) {
    args.push("-H", "User-Agent: " + target.userAgent);
  }

  return args;
}

function templatesOf(config: Config): string[] {
  const given = (config.templates || "").split(",");
  const out: string[] = [];
  for (let i = 0; i < given.length; i++) {
    const one = given[i].replace(/^\s+|\s+$/g, "");
    if (one !== "") {
      out.push(one);
    }
  }

  return out.length === 0 ? ["res://templates/nuclei:latest"] : out;
}

/** A template as nuclei takes it: a resource becomes a file of the tool's inputs, a path is one below the templates that the system has installed. */
function templateInputs(ctx: SecFlow.Context<Config>): { paths: string[]; inputs: { [name: string]: SecFlow.Handle | string } } {
  const given = templatesOf(ctx.config);
  const inputs: { [name: string]: SecFlow.Handle | string } = {};
  const paths: string[] = [];
  for (let i = 0; i < given.length; i++) {
    if (given[i].substr(0, 6) === "res://") {
      const name = "templates-" + (i + 1) + ".yaml";
      inputs[name] = ctx.resource(given[i]);
      paths.push("/in/" + name);
    } else {
      paths.push("/usr/share/nuclei-templates/" + given[i].replace(/^\/+/, ""));
    }
  }

  return { paths: paths, inputs: inputs };
}

function urlsFor(ctx: SecFlow.Context<Config>, target: SecFlow.Target): UrlList {
  const list: UrlList = { urls: [], left: 0 };
  const own = target.url ? parseUrl(target.url) : null;
  const input = ctx.inputs.urls;
  if (!input || input.count === 0 || own === null) {
    return list;
  }

  const seen: { [url: string]: boolean } = {};
  const most = ctx.config.mostUrls || 1000;
  const add = function (url: Url): void {
    const text = fullUrl(url);
    if (!seen.hasOwnProperty(text)) {
      seen[text] = true;
      if (list.urls.length < most) {
        list.urls.push(text);
      } else {
        list.left++;
      }
    }
  };
  add(own);
  input.each(function (record: SecFlow.UrlRecord) {
    const url = record.outOfScope === true || typeof record.url !== "string" || /[\r\n]/.test(record.url) ? null : parseUrl(record.url);
    if (url !== null && url.host === own.host) {
      add(url);
    }
  });
  return list;
}

const severities: { [name: string]: SecFlow.Severity } = { info: "info", low: "low", medium: "medium", high: "high", critical: "critical" };

/** One result of any generation as a finding; null for what nuclei says of a matcher that did not match (-matcher-status). */
function findingOf(record: any, target: string | null): SecFlow.Finding | null {
  if (valueOf(record, ["matcher-status", "matcher_status"]) === false) {
    return null;
  }

  const info = record.info !== null && typeof record.info === "object" ? record.info : {};
  const kinds = info.classification !== null && typeof info.classification === "object" ? info.classification : {};
  const template = clipped(valueOf(record, ["template-id", "templateID", "template_id", "template"]) || "unknown", 200);
  const matcher = clipped(valueOf(record, ["matcher-name", "matcher_name", "extractor-name", "extractor_name"]), 90);
  const matched = clipped(valueOf(record, ["matched-at", "matched", "url", "host", "ip"]) || target || "", 8192);
  const extracted = textsOf(valueOf(record, ["extracted-results", "extracted_results"]), /\r?\n/);
  const finding: SecFlow.Finding = {
    ruleId: template + (matcher === "" ? "" : ":" + matcher),
    title: clipped(info.name || record.name || template, 200),
    severity: severities[String(info.severity || record.severity || "").toLowerCase()] || "info",
    confidence: 80,
    location: stablePlace(matched) || template,
    description: clipped(describe(record, info, matcher, matched, extracted), 32768),
    evidence: evidenceOf(record, matched, extracted)
  };
  fill(finding, record, info, kinds, template);
  if (target !== null) {
    finding.target = target;
  }

  return finding;
}

function fill(finding: SecFlow.Finding, record: any, info: any, kinds: any, template: string): void {
  const parameter = clipped(record.fuzzing_parameter, 500);
  const cwe = cwesOf(textsOf(valueOf(kinds, ["cwe-id", "cwe_id"]), /[,\s]+/));
  const cve = cvesOf(textsOf(valueOf(kinds, ["cve-id", "cve_id"]), /[,\s]+/).concat([template]));
  const references = textsOf(valueOf(info, ["reference", "references"]));
  const cvss = cvssOf(valueOf(kinds, ["cvss-metrics", "cvss_metrics"]), valueOf(kinds, ["cvss-score", "cvss_score"]));
  const remediation = clipped(info.remediation, 32768);
  if (parameter !== "") {
    finding.parameter = parameter;
  }

  if (cwe.length > 0) {
    finding.cwe = cwe;
  }

  if (cve.length > 0) {
    finding.cve = cve;
  }

  if (references.length > 0) {
    finding.references = references;
  }

  if (cvss) {
    finding.cvss = cvss;
  }

  if (remediation !== "") {
    finding.remediation = remediation;
  }
}

function describe(record: any, info: any, matcher: string, matched: string, extracted: string[]): string {
  const parts: string[] = [];
  const add = function (text: string): void {
    if (text !== "") {
      parts.push(text);
    }
  };
  add(clipped(info.description, 16384));
  add(clipped(info.impact, 4096));
  add((matched === "" ? "Seen" : "Matched at " + matched) + (matcher === "" ? "" : " by " + matcher) + (record.type ? " (" + clipped(record.type, 30) + ")" : "") + ".");
  add(extracted.length === 0 ? "" : "Extracted: " + clipped(extracted.join(", "), 2000));
  const tags = textsOf(info.tags, /,\s*/);
  add(tags.length === 0 ? "" : "Tags: " + clipped(tags.join(", "), 1000));
  return parts.join("\n\n");
}

function evidenceOf(record: any, matched: string, extracted: string[]): SecFlow.Evidence {
  const evidence: SecFlow.Evidence = { match: clipped([matched].concat(extracted).join("\n"), 8192) };
  if (typeof record.request === "string" && record.request !== "") {
    evidence.request = clipped(record.request, 8192);
  }

  if (typeof record.response === "string" && record.response !== "") {
    evidence.response = clipped(record.response, 8192);
  }

  return evidence;
}

/*
 * Raw text: one JSON object a line (-json, -jsonl), or an array of them (-json-export). Three generations:
 *   2.0-2.3  {"templateID":"x","info":{"name":"X","severity":"info","tags":"a,b","reference":"- url\n- url"},"type":"http","host":"http://h","matched":"http://h/p","matcher_name":"m","extracted_results":["1"]}
 *   2.4-2.9  {"template-id":"x","info":{...,"tags":["a"],"reference":["url"],"classification":{"cve-id":["cve-2018-15473"],"cwe-id":["cwe-362"],"cvss-metrics":"CVSS:3.0/...","cvss-score":5.3}},"matched-at":...,"matcher-status":true}
 *   3.x      as before with port, scheme, url, path, meta, template-encoded, request, response; nearly everything but template-id, info and type may be missing, host too
 */
function parse(ctx: SecFlow.Context<Config>, raw: RanOutput): void {
  let findings = 0;
  let unmatched = 0;
  let strangers = 0;
  const reading = readJson(ctx, reportOf(raw, reportName), function (record) {
    if (valueOf(record, ["template-id", "templateID", "template_id", "template", "info"]) === undefined) {
      strangers++;
      return;
    }

    const finding = findingOf(record, raw.target);
    if (finding === null) {
      unmatched++;
    } else {
      findings++;
      ctx.finding(finding);
    }
  });
  const judged = judge(reading, findings, unmatched, strangers, raw.ended);
  ctx.verdict(judged.kind, judged.reason, { target: raw.target === null ? undefined : raw.target, checks: judged.kind === "completed" ? raw.checks || [] : [] });
}

/** The last of the objects that -stats-json writes to stderr: `{"duration":"0:00:05","errors":"0","hosts":"1","matched":"2","percent":"100","requests":"40",...}`. */
function statisticsOf(text: string): { requests: number; errors: number; percent: number } | null {
  const at = text.lastIndexOf("{\"");
  const end = text.indexOf("}", at);
  if (at < 0 || end < 0) {
    return null;
  }

  try {
    const said = JSON.parse(text.substring(at, end + 1));
    const requests = numberOf(said.requests);
    return requests === null ? null : { requests: requests, errors: numberOf(said.errors) || 0, percent: numberOf(said.percent) || 0 };
  } catch (e) {
    return null; // a line of another kind
  }
}

function judge(reading: Reading, findings: number, unmatched: number, strangers: number, ended: ToolEnd | undefined): Judged {
  if (ended && ended.exitCode === 2) {
    return { kind: "misused", reason: "nuclei did not take its arguments: " + ended.said };
  }

  if (ended && ended.exitCode !== 0 && !ended.timedOut) {
    const misused = /no templates provided|could not find template|flag provided but not defined/i.test(ended.said);
    return { kind: misused ? "misused" : findings > 0 ? "partial" : "failed", reason: "nuclei ended with " + ended.exitCode + ": " + ended.said };
  }

  const gap = gapOf(reading, ended);
  if (gap !== null) {
    return gap;
  }

  if (strangers > 0) {
    return { kind: findings > 0 ? "partial" : "failed", reason: strangers + " of " + reading.records + " records are no results of nuclei." };
  }

  const statistics = ended ? statisticsOf(ended.said) : null;
  if (ended && statistics !== null) {
    const said = findings + " results; " + statistics.requests + " requests, " + statistics.errors + " errors.";
    if (statistics.requests > 0 && statistics.errors >= statistics.requests) {
      return { kind: "unreachable", reason: "No request was answered: " + said };
    }

    return { kind: statistics.requests === 0 ? "misused" : statistics.errors > 0 || statistics.percent < 100 ? "partial" : "completed", reason: said };
  }

  if (ended) {
    return { kind: "partial", reason: findings + " results; nuclei said nothing of its requests, so it is not known whether all templates were run." };
  }

  return reading.records === 0
    ? { kind: "partial", reason: "The report is empty: it does not say whether the target was looked at." }
    : { kind: "completed", reason: findings + " results" + (unmatched === 0 ? "." : ", " + unmatched + " checks that did not match.") };
}

module.exports = {
  initialize: function (ctx: SecFlow.Context<Config>): void {
    // whether the tool is there at all is said before what it would need
    ctx.tool("nuclei", ["-version", "-duc"], { timeout: 30 });
  },
  execute: function (ctx: SecFlow.Context<Config>): void {
    const templates = templateInputs(ctx);
    for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
      const target = ctx.targets[i];
      const address = target.url || plainHost(target.value);
      if (!address || target.kind === "folder") {
        ctx.verdict("misused", "A target of kind " + target.kind + " is no address that nuclei takes; this plugin needs a url, a host or a network.", { target: target.id, checks: [] });
        continue;
      }

      const before = target.url ? silence(ctx, target.url) : null;
      if (before !== null) {
        ctx.verdict(before.kind, before.reason, { target: target.id, checks: [] });
        continue;
      }

      const list = urlsFor(ctx, target);
      const inputs = withList(templates.inputs, list.urls);
      const args = commandFor(ctx.config, target, templates.paths, list.urls.length > 0);
      let seen = 0;
      const result = ctx.tool("nuclei", args, {
        inputs: inputs, files: [reportName], timeout: ctx.config.timeout || 240,
        onLine: function () {
          seen++;
          ctx.progress(100 * i / ctx.targets.length, seen + " results of " + target.name);
        }
      });
      const after = result.exitCode === 0 && target.url ? silence(ctx, target.url) : null;
      if (after !== null || list.left > 0) {
        ctx.verdict("partial", after !== null ? "The target stopped answering during the scan. " + after.reason : list.left + " more urls were found than are scanned (mostUrls).", { target: target.id, checks: [] });
      }

      parse(ctx, { stdout: result.stdout, stderr: result.stderr, files: result.files, target: target.id, ended: endOf(result), checks: after === null ? [checkOf("nuclei", [args, list.urls.length])] : [] });
    }

    ctx.progress(100, "Done");
  },
  parse: parse
};

function withList(templates: { [name: string]: SecFlow.Handle | string }, urls: string[]): { [name: string]: SecFlow.Handle | string } {
  const inputs: { [name: string]: SecFlow.Handle | string } = {};
  for (const name in templates) {
    if (templates.hasOwnProperty(name)) {
      inputs[name] = templates[name];
    }
  }

  if (urls.length > 0) {
    inputs["urls.txt"] = urls.join("\n") + "\n";
  }

  return inputs;
}
