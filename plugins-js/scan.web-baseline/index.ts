const mostFolders = 40;
const mostScripts = 20;
const mostCorsPages = 40;
const usualFolders = ["admin/", "backup/", "files/", "images/", "uploads/"];

function configOf(given: Partial<Config> | null | undefined): Config {
  const c = given || {};
  return {
    maxPages: c.maxPages || 40, maxRequests: c.maxRequests || 300, timeoutMs: c.timeoutMs || 10000, maxBytes: c.maxBytes || 262144, skip: c.skip || []
  };
}

/** The start page, after redirects inside the site; null when nothing answers. A redirect that leads away is the answer itself. */
function fetchStart(client: Client, out: Reporter, url: Url): Answer | null {
  let reply = client.send("pages", url);
  for (let hop = 0; reply !== null && hop < 5 && reply.status >= 300 && reply.status < 400; hop++) {
    const next = resolveUrl(reply.url, reply.header("location"));
    if (next === null || originOf(next) !== originOf(url)) {
      break;
    }

    checkDisclosure(out, reply);
    checkCookies(out, reply);
    reply = client.send("pages", next) || reply;
    if (fullUrl(reply.url) !== fullUrl(next)) {
      break;
    }
  }

  return reply;
}

function checkScripts(client: Client, out: Reporter, site: Site): void {
  for (let i = 0; i < site.scripts.length && i < mostScripts; i++) {
    const script = site.scripts[i];
    if (originOf(script.url) !== originOf(site.start.reply.url)) {
      checkLibrary(out, script.url, null, script.page.reply);
      continue;
    }

    const reply = client.send("scripts", script.url);
    if (reply === null || reply.status !== 200 || looksLikeHtml(reply)) {
      continue; // named by the page but not there: nothing runs
    }

    checkLibrary(out, script.url, reply.text(), reply);
    checkSecrets(out, reply);
    checkSourceMap(client, out, reply);
  }
}

function checkSourceMap(client: Client, out: Reporter, script: Answer): void {
  const m = /\/[\/*][#@]\s*sourceMappingURL=([^\s*]{1,500})/.exec(script.text().slice(-2000));
  const url = m && !/^data:/i.test(m[1]) ? resolveUrl(script.url, m[1]) : null;
  if (url === null || originOf(url) !== originOf(script.url)) {
    return;
  }

  const map = client.send("scripts", url);
  if (map !== null && map.status === 200 && /^\s*(\)\]\}'[^\n]*\n)?\{[\s\S]{0,2000}"version"\s*:\s*3\b/.test(map.text())) {
    out.report("source-map", locationOf(url), map, { match: "\"version\"" });
  }
}

function checkFolders(client: Client, out: Reporter, crawl: Crawl, base: Url): void {
  const folders = crawl.site.folders.slice(0, mostFolders);
  for (let i = 0; i < usualFolders.length; i++) {
    const url = resolveUrl(base, usualFolders[i]);
    if (url !== null) {
      folders.push(url);
    }
  }

  const asked: { [path: string]: boolean } = {};
  for (let i = 0; i < folders.length; i++) {
    if (asked.hasOwnProperty(folders[i].path) || crawl.visited(folders[i])) {
      continue;
    }

    asked[folders[i].path] = true;
    const reply = client.send("directories", folders[i]);
    if (reply !== null) {
      checkListing(out, reply);
    }
  }
}

/** What is done to one target, in order. Throws Stop when the budget ends or the run is cancelled. */
function assess(ctx: SecFlow.Context<Config>, config: Config, client: Client, out: Reporter, start: Answer, share: (part: number, text: string) => void): void {
  const base = start.url;
  const nowhere = resolveUrl(base, "secflow-" + (fullUrl(base).length * 7919 + 104729).toString(10) + "-nothing-here");
  const missing = nowhere === null ? null : client.send("pages", nowhere);
  let impossible = "";
  if (missing !== null) {
    checkDisclosure(out, missing);
    checkErrors(out, missing, originOf(base) + "/");
    impossible = missing.status < 400 ? missing.text() : "";
  }

  share(5, "Reading pages");
  const page: Page = { reply: start, html: parseHtml(start.isHtml() ? start.text() : ""), isStart: true };
  const crawl = new Crawl(client, out, page, impossible);
  const site = crawl.run(config.maxPages, function (done) {
    share(5 + 30 * done / config.maxPages, "Read " + done + " pages");
  });
  ctx.log.info("Read " + site.pages.length + " pages, " + site.scripts.length + " scripts named.");

  share(35, "Methods");
  checkMethods(client, out, base);
  share(40, "Exposed files");
  checkFiles(client, out, base, impossible);
  share(65, "Directories");
  checkFolders(client, out, crawl, base);
  share(80, "Scripts");
  checkScripts(client, out, site);
  share(88, "CORS");
  let asked = 0;
  for (let i = 0; i < site.pages.length && asked < mostCorsPages; i++) {
    if (site.pages[i].isStart || (site.pages[i].reply.status >= 200 && site.pages[i].reply.status < 300)) {
      asked++;
      checkCors(client, out, site.pages[i]);
    }
  }

  share(96, "Redirects");
  checkRedirects(client, out, site.links);
}

function assessedRules(client: Client, out: Reporter, ended: boolean): string[] {
  const ids: string[] = [];
  for (let i = 0; ended && i < rules.length; i++) {
    if (!client.incomplete.hasOwnProperty(rules[i].stage) && !out.skips(rules[i].id)) {
      ids.push(rules[i].id);
    }
  }

  return ids;
}

function scanTarget(ctx: SecFlow.Context<Config>, config: Config, target: SecFlow.Target, index: number): void {
  const url = target.url ? parseUrl(target.url) : null;
  if (url === null) {
    ctx.verdict("misused", "A target of kind " + target.kind + " has no http address; this plugin needs a url or a host.", { target: target.id, checks: [] });
    return;
  }

  const client = new Client(ctx, config);
  const out = new Reporter(ctx, config.skip);
  const share = function (part: number, text: string): void {
    ctx.progress(Math.min(100, (index + part / 100) * 100 / ctx.targets.length), text + ": " + url.host);
  };
  try {
    share(0, "Start page");
    const start = fetchStart(client, out, url);
    if (start === null) {
      ctx.verdict("unreachable", "The start page " + fullUrl(url) + " gave no answer. " + client.lastError, { target: target.id, checks: [] });
      return;
    }

    assess(ctx, config, client, out, start, share);
    const away = start.status >= 300 && start.status < 400 ? resolveUrl(start.url, start.header("location")) : null;
    if (away !== null) {
      client.incomplete["pages"] = true;
      ctx.verdict("partial", "The start page leads to " + locationOf(away) + ", which is not this target: its pages were not looked at.",
        { target: target.id, checks: assessedRules(client, out, true) });
    } else if (client.failures > 0) {
      ctx.verdict("partial", client.failures + " of " + client.requests + " requests failed. Last: " + client.lastError,
        { target: target.id, checks: assessedRules(client, out, true) });
    } else {
      ctx.verdict("completed", client.requests + " requests, " + out.count + " findings.", { target: target.id, checks: assessedRules(client, out, true) });
    }
  } catch (e) {
    if (!(e instanceof Stop)) {
      throw e;
    }

    ctx.verdict("partial", e.message, { target: target.id, checks: assessedRules(client, out, false) });
  }
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const config = configOf(ctx.config);
    for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
      scanTarget(ctx, config, ctx.targets[i], i);
    }

    ctx.progress(100, "Done");
  }
};
