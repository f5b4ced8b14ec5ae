interface Config extends RequestLimits, SpiderLimits {
  maxParameters: number;
  forms: boolean;
  crossSiteScripting: boolean;
  openRedirect: boolean;
  sqlError: boolean;
}

function configOf(given: Partial<Config> | null | undefined): Config {
  const c = given || {};
  return {
    maxParameters: c.maxParameters || 200, forms: c.forms !== false, crossSiteScripting: c.crossSiteScripting !== false, openRedirect: c.openRedirect !== false, sqlError: c.sqlError !== false,
    maxPages: c.maxPages || 40, maxDepth: c.maxDepth || 5, maxRequests: c.maxRequests || 2000, timeoutMs: c.timeoutMs || 10000, maxBytes: c.maxBytes || 262144
  };
}

function checksOf(config: Config): string[] {
  return ruleIds.filter(function (id) {
    return id === "reflection.cross-site-scripting" ? config.crossSiteScripting : id === "reflection.open-redirect" ? config.openRedirect : config.sqlError;
  });
}

/** Parameters that earlier nodes found on this site; read once for all targets. */
function readInput(ctx: SecFlow.Context<Config>): Array<{ url: Url; method: string; body: string }> {
  const all: Array<{ url: Url; method: string; body: string }> = [];
  ctx.inputs.urls.each(function (record) {
    const url = record.outOfScope || all.length >= 20000 || (record.url.indexOf("?") < 0 && !record.body) ? null : parseUrl(record.url);
    if (url !== null) {
      all.push({ url, method: record.method || "GET", body: record.body || "" });
    }
  });
  return all;
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const config = configOf(ctx.config);
    const given = ctx.inputs.urls ? readInput(ctx) : null;
    const scope = originsOf(ctx.targets);
    for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
      assessTarget(ctx, ctx.targets[i], i, config, [], function (requests, start, share) {
        const points = new Points(config.maxParameters);
        const add = function (url: Url, method: string, body: string): void {
          if (originOf(url) === originOf(start.url) && (method === "GET" || config.forms)) {
            points.add(url, method, body);
          }
        };
        add(start.url, "GET", "");
        if (given !== null) {
          given.forEach(function (one) {
            add(one.url, one.method, one.body);
          });
        } else {
          new Spider(requests, originOf(start.url), scope, config, function (place) {
            add(place.url, place.method, place.body);
          }).run(start, function (done) {
            share(Math.min(30, done), "Read " + done + " pages");
          });
        }

        const prober = new Prober(ctx, requests, config);
        for (let p = 0; p < points.list.length; p++) {
          share(30 + 69 * p / points.list.length, "Parameter " + (p + 1) + " of " + points.list.length);
          prober.look(points.list[p]);
        }

        const summary = points.list.length + " parameters, " + requests.sent + " requests, " + prober.found + " findings.";
        return points.cut ? { summary, checks: [], gap: "Only the first " + config.maxParameters + " parameters were looked at (maxParameters). " + summary } : { summary, checks: checksOf(config) };
      });
    }

    ctx.progress(100, "Done");
  }
};
