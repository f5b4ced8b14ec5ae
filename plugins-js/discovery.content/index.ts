interface Config extends RequestLimits {
  words: string[];
  extensions: string[];
  depth: number;
}

function configOf(given: Partial<Config> | null | undefined): Config {
  const c = given || {};
  return {
    words: c.words && c.words.length > 0 ? c.words : commonWords, extensions: c.extensions || [], depth: c.depth || 1,
    maxRequests: c.maxRequests || 3000, timeoutMs: c.timeoutMs || 10000, maxBytes: c.maxBytes || 65536
  };
}

/** Every word, and with each extension those that have none. */
function pathsOf(config: Config): string[] {
  const paths: string[] = [];
  const seen: { [path: string]: boolean } = {};
  const add = function (path: string): void {
    const clean = path.replace(/^\/+/, "");
    if (clean !== "" && !seen.hasOwnProperty(clean)) {
      seen[clean] = true;
      paths.push(clean);
    }
  };
  for (let i = 0; i < config.words.length; i++) {
    add(config.words[i]);
    for (let e = 0; e < config.extensions.length && kindOf(config.words[i]) === ""; e++) {
      add(config.words[i] + "." + config.extensions[e].replace(/^\./, ""));
    }
  }

  return paths;
}

/** A name for what was asked, so that two runs with the same words can be compared. */
function digestOf(paths: string[]): string {
  return "content:" + paths.length + ":" + randomName(paths.join("\n"));
}

function discover(ctx: SecFlow.Context<Config>, config: Config, paths: string[], requests: Requests, start: Answer, share: (part: number, text: string) => void): Assessment {
  const root: Url = { scheme: start.url.scheme, host: start.url.host, path: start.url.path.substring(0, start.url.path.lastIndexOf("/") + 1), query: "" };
  const calibration = new Calibration(requests, ctx.run.id);
  const folders: Array<{ url: Url; depth: number }> = [{ url: root, depth: 1 }];
  const reported: { [path: string]: boolean } = {};
  let found = 0;
  let busy = 0;
  for (let f = 0; f < folders.length; f++) {
    for (let i = 0; i < paths.length; i++) {
      const url = resolveUrl(folders[f].url, paths[i]);
      if (url === null || reported.hasOwnProperty(url.path)) {
        continue;
      }

      const answer = requests.send(url);
      if (i % 10 === 0) {
        share(Math.min(99, 100 * (f + i / paths.length) / folders.length), "Asked for " + i + " of " + paths.length + " paths in " + folders[f].url.path);
      }

      if (answer === null) {
        continue;
      }

      if (answer.status === 429 || answer.status === 503) {
        busy++;
        continue;
      }

      if (answer.status === 400 || answer.status === 414 || answer.status === 501 || calibration.isMissing(folders[f].url, paths[i], answer)) {
        continue;
      }

      reported[url.path] = true;
      found++;
      ctx.emit("urls", { url: fullUrl(url), method: "GET", status: answer.status, source: "discovery.content" });
      const inside = folderOf(answer);
      if (inside !== null && folders[f].depth < config.depth && originOf(inside) === originOf(root)) {
        folders.push({ url: inside, depth: folders[f].depth + 1 });
      }
    }
  }

  const summary = found + " of " + paths.length + " paths are there; " + requests.sent + " requests.";
  return busy > 0 ? { summary, checks: [], gap: busy + " paths were answered with \"too busy\" (429 or 503): nothing is known about them. Lower the target's request rate." } : { summary, checks: [digestOf(paths)] };
}

/** The folder that an answer is: asked with a slash, or sent to the same path with one. */
function folderOf(answer: Answer): Url | null {
  if (answer.url.path.charAt(answer.url.path.length - 1) === "/") {
    return answer.url;
  }

  const next = answer.isRedirect() ? resolveUrl(answer.url, answer.header("location")) : null;
  return next !== null && next.path === answer.url.path + "/" ? next : null;
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const config = configOf(ctx.config);
    const paths = pathsOf(config);
    for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
      assessTarget(ctx, ctx.targets[i], i, config, [], function (requests, start, share) {
        return discover(ctx, config, paths, requests, start, share);
      });
    }

    ctx.progress(100, "Done");
  }
};
