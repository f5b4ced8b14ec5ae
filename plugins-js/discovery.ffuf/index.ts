interface Config {
  wordlist?: string;
  threads?: number;
  timeout?: number;
  requestTimeout?: number;
  extensions?: string[];
  matchCodes?: string;
  filterCodes?: string;
  calibrate?: boolean;
}

const reportName = "report.json";

/**
 * The command line for one target. ffuf 1.1 knows neither -rate nor -json; -p (a pause of each thread) is known to all versions,
 * and T threads that pause T / rate seconds after each request ask at most `rate` times a second.
 */
function commandFor(config: Config, target: SecFlow.Target): string[] {
  const rate = rateOf(target);
  const threads = Math.max(1, Math.min(config.threads || 10, Math.ceil(rate / 5)));
  const url = (target.url || "").replace(/[?#].*$/, "");
  const args = [
    "-u", url + (url.charAt(url.length - 1) === "/" ? "" : "/") + "FUZZ", "-w", "/in/words.txt", "-ic", "-mc", config.matchCodes || "all", "-fc", config.filterCodes || "404",
    "-of", "json", "-o", "/out/" + reportName, "-t", String(threads), "-p", (threads / rate).toFixed(3), "-timeout", String(config.requestTimeout || 10), "-maxtime", String(config.timeout || 240)
  ];
  if (config.calibrate !== false) {
    args.push("-ac");
  }

  if (config.extensions && config.extensions.length > 0) {
    args.push("-e", "." + config.extensions.join(",.").replace(/\.\./g, "."));
  }

  if (target.userAgent) {
    args.push("-H", "User-Agent: " + target.userAgent);
  }

  return args;
}

/*
 * Raw text, one JSON object:
 *   {"commandline":"ffuf ...","time":"...","results":[{"input":{"FUZZ":"admin"},"position":3,"status":301,"length":0,"words":1,"lines":1,"content-type":"text/html",
 *     "redirectlocation":"/admin/","duration":5331909,"resultfile":"","url":"http://h/admin","host":"h"}],"config":{"url":"http://h/FUZZ","method":"GET",...}}
 * 1.1 lacks content-type, duration and the key FFUFHASH of input. With -json (1.3 and newer) stdout has one result a line, its inputs in base64.
 */
function parse(ctx: SecFlow.Context<Config>, raw: RanOutput): void {
  const report = reportOf(raw, reportName);
  const reading: Reading = { records: 0, unread: 0, problem: "" };
  const request = { url: "", method: "", ended: false };
  const isReport = /^[\ufeff\s]*\{\s*"(commandline|results|time|config)"/.test(report.size === 0 ? "" : report.head(4096));
  const take = function (result: any): void {
    reading.records++;
    sayPath(ctx, foundOf(result, request), "ffuf", raw.target);
  };
  if (!isReport && report.size > 0) {
    const lines = readJson(ctx, report, function (result) {
      if (result.url !== undefined && result.status !== undefined) {
        take(result);
      } else {
        reading.unread++;
        reading.problem = "A line is no result of ffuf.";
      }
    });
    reading.unread += lines.unread;
    reading.problem = reading.problem || lines.problem;
  } else if (report.size > 0) {
    try {
      // the configuration stands behind the results that it explains
      ctx.parse.json(report, function (config) {
        request.url = clipped(config.url, 8192);
        request.method = clipped(config.method, 16);
        request.ended = true;
      }, { path: "config", cut: 16384 });
    } catch (e) {
      reading.unread++;
      reading.problem = messageOf(e);
    }

    try {
      ctx.parse.json(report, take, { path: "results", cut: 16384 });
    } catch (e) {
      reading.unread = 1;
      reading.problem = messageOf(e);
    }
  }

  const judged = judge(reading, request.ended || !isReport, raw);
  ctx.verdict(judged.kind, judged.reason, { target: raw.target === null ? undefined : raw.target, checks: judged.kind === "completed" ? raw.checks || [] : [] });
}

function foundOf(result: any, request: { url: string; method: string }): FoundPath {
  const input = result.input !== null && typeof result.input === "object" ? result.input : {};
  const put: string[] = [];
  for (const keyword in input) {
    // what stands in the url needs no telling; a body or a header does
    if (input.hasOwnProperty(keyword) && keyword !== "FFUFHASH" && request.url !== "" && request.url.indexOf(keyword) < 0) {
      put.push(keyword + "=" + clipped(input[keyword], 200));
    }
  }

  return {
    url: clipped(valueOf(result, ["url", "host"]), 8192), method: request.method, status: numberOf(result.status) || 0, length: numberOf(result.length), words: numberOf(result.words),
    lines: numberOf(result.lines), contentType: clipped(result["content-type"], 200), redirect: clipped(result.redirectlocation, 1000), parameter: put.sort().join("&"), wildcard: false
  };
}

/** The last count that ffuf wrote: `:: Progress: [40/4614] :: Job [1/1] :: 0 req/sec :: Duration: [0:00:00] :: Errors: 0 ::`. */
function progressOf(text: string): { done: number; all: number; errors: number } | null {
  const at = text.lastIndexOf(":: Progress: [");
  const m = at < 0 ? null : /Progress: \[([0-9]+)\/([0-9]+)\][\s\S]*?Errors: ([0-9]+)/.exec(text.substr(at, 400));
  return m ? { done: Number(m[1]), all: Number(m[2]), errors: Number(m[3]) } : null;
}

function judge(reading: Reading, whole: boolean, raw: RanOutput): Judged {
  const ended = raw.ended;
  if (ended && ended.exitCode === 2) {
    return { kind: "misused", reason: "ffuf did not take its arguments: " + ended.said };
  }

  if (ended && ended.exitCode !== 0 && !ended.timedOut) {
    return { kind: /refused|no such host|unreachable|timeout|timed out|deadline/i.test(ended.said) ? "unreachable" : "failed", reason: "ffuf ended with " + ended.exitCode + ": " + ended.said };
  }

  const gap = gapOf(reading, ended);
  if (gap !== null) {
    return gap;
  }

  const count = ended ? progressOf(ended.said) : null;
  if (count !== null && count.errors > 0) {
    return count.errors >= count.done ? { kind: "unreachable", reason: "All " + count.done + " requests failed." } : { kind: "partial", reason: count.errors + " of " + count.done + " requests failed." };
  }

  if (count !== null && count.done < count.all) {
    return { kind: "partial", reason: "ffuf stopped after " + count.done + " of " + count.all + " words (its time was over)." };
  }

  if (!whole) {
    return { kind: ended ? "failed" : "partial", reason: "The report has no configuration at its end: it is cut, or not one of ffuf." };
  }

  if (reading.records === 0 && !ended) {
    return { kind: "partial", reason: "0 results. ffuf writes the same for a target that never answered: the report does not say whether it was looked at." };
  }

  return { kind: "completed", reason: reading.records + " results" + (count === null ? "." : " of " + count.all + " words, no request failed.") };
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    overWordlist(ctx, "ffuf", reportName, "results", function (target) {
      return commandFor(ctx.config, target);
    }, function (result, target, checks) {
      const ended = endOf(result);
      const after = result.exitCode === 0 ? silence(ctx, target.url || "") : null;
      if (after !== null) {
        // it answered before and is gone now: what it did not say means nothing
        ctx.verdict("partial", "The target stopped answering during the scan. " + after.reason, { target: target.id, checks: [] });
      }

      parse(ctx, { stdout: result.stdout, stderr: result.stderr, files: result.files, target: target.id, ended: ended, checks: after === null ? checks : [] });
    });
  },
  parse: parse
};
