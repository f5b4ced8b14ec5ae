interface Config {
  wordlist?: string;
  threads?: number;
  timeout?: number;
  requestTimeout?: number;
  depth?: number;
  extensions?: string[];
  statusCodes?: number[];
  extractLinks?: boolean;
  insecure?: boolean;
}

const reportName = "report.json";

/** The command line for one target, feroxbuster 2.3 and newer. */
function commandFor(config: Config, target: SecFlow.Target): string[] {
  // --rate-limit counts per directory: only with one directory at a time it is the target's rate
  const args = [
    "--url", target.url || "", "--wordlist", "/in/words.txt", "--json", "--silent", "--no-state", "--output", "/out/" + reportName,
    "--threads", String(config.threads || 10), "--rate-limit", String(rateOf(target)), "--scan-limit", "1", "--depth", String(config.depth || 2),
    "--timeout", String(config.requestTimeout || 7), "--time-limit", String(config.timeout || 240) + "s"
  ];
  if (target.userAgent) {
    args.push("--user-agent", target.userAgent);
  }

  if (config.extensions && config.extensions.length > 0) {
    args.push("--extensions", config.extensions.join(","));
  }

  if (config.statusCodes && config.statusCodes.length > 0) {
    args.push("--status-codes", config.statusCodes.join(","));
  } else {
    args.push("--filter-status", "404");
  }

  if (config.extractLinks !== true) {
    args.push("--dont-extract-links");
  }

  if (config.insecure === true) {
    args.push("--insecure");
  }

  return args;
}

interface Statistics {
  requests: number;
  errors: number;
  timeouts: number;
}

/*
 * Raw text, one JSON object a line:
 *   {"type":"response","url":"http://h/css","original_url":"http://h/","path":"/css","wildcard":false,"status":301,"method":"GET","content_length":173,"line_count":10,
 *    "word_count":16,"headers":{"server":"nginx"},"extension":"","truncated":false,"timestamp":1700000000.1}       older files lack original_url, method, extension, truncated, timestamp
 *   {"type":"statistics","timeouts":1,"requests":9207,"errors":3,...}   {"type":"configuration",...}   {"type":"log","message":...,"level":...}
 */
function parse(ctx: SecFlow.Context<Config>, raw: RanOutput): void {
  let responses = 0;
  let strangers = 0;
  let statistics: Statistics | null = null;
  const reading = readJson(ctx, reportOf(raw, reportName), function (record) {
    if (record.type === "response") {
      responses++;
      sayPath(ctx, foundOf(record), "feroxbuster", raw.target);
    } else if (record.type === "statistics") {
      statistics = { requests: numberOf(record.requests) || 0, errors: numberOf(record.errors) || 0, timeouts: numberOf(record.timeouts) || 0 };
    } else if (record.type !== "configuration" && record.type !== "log") {
      strangers++;
    }
  });
  const judged = judge(reading, responses, strangers, statistics, raw.ended);
  ctx.verdict(judged.kind, judged.reason, { target: raw.target === null ? undefined : raw.target, checks: judged.kind === "completed" ? raw.checks || [] : [] });
}

function foundOf(record: any): FoundPath {
  const headers = record.headers !== null && typeof record.headers === "object" ? record.headers : {};
  return {
    url: clipped(valueOf(record, ["url", "original_url", "path"]), 8192), method: clipped(record.method, 16), status: numberOf(record.status) || 0, length: numberOf(record.content_length),
    words: numberOf(record.word_count), lines: numberOf(record.line_count), contentType: clipped(headers["content-type"], 200), redirect: clipped(headers["location"], 1000), parameter: "",
    wildcard: record.wildcard === true
  };
}

function judge(reading: Reading, responses: number, strangers: number, statistics: Statistics | null, ended: ToolEnd | undefined): Judged {
  const gap = gapOf(reading, ended);
  if (ended && /could not find any live targets|could not connect to any target/i.test(ended.said)) {
    return { kind: "unreachable", reason: "feroxbuster reached nothing: " + ended.said };
  }

  if (ended && ended.exitCode === 2) {
    return { kind: "misused", reason: "feroxbuster did not take its arguments: " + ended.said };
  }

  if (gap !== null) {
    return gap;
  }

  if (ended && ended.exitCode !== 0) {
    return { kind: responses > 0 ? "partial" : "failed", reason: "feroxbuster ended with " + ended.exitCode + " (time limit, interrupt or bad configuration): " + ended.said };
  }

  if (strangers > 0) {
    return { kind: "partial", reason: strangers + " records are of a kind that feroxbuster is not known to write; " + responses + " responses were read." };
  }

  if (statistics === null) {
    return { kind: "partial", reason: responses + " responses, and no statistics: the report does not say whether the list was asked to its end." };
  }

  const said = statistics.requests + " requests, " + statistics.errors + " errors, " + statistics.timeouts + " time-outs, " + responses + " responses.";
  if (statistics.requests === 0 || statistics.errors >= statistics.requests) {
    return { kind: "unreachable", reason: "No request was answered: " + said };
  }

  return { kind: statistics.errors + statistics.timeouts > 0 ? "partial" : "completed", reason: said };
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    overWordlist(ctx, "feroxbuster", reportName, "answers", function (target) {
      return commandFor(ctx.config, target);
    }, function (result, target, checks) {
      parse(ctx, { stdout: result.stdout, stderr: result.stderr, files: result.files, target: target.id, ended: endOf(result), checks: checks });
    });
  },
  parse: parse
};
