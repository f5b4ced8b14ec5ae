interface Config extends RequestLimits, SpiderLimits {
}

function configOf(given: Partial<Config> | null | undefined): Config {
  const c = given || {};
  return { maxPages: c.maxPages || 200, maxDepth: c.maxDepth || 5, maxRequests: c.maxRequests || 500, timeoutMs: c.timeoutMs || 10000, maxBytes: c.maxBytes || 262144 };
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const config = configOf(ctx.config);
    const scope = originsOf(ctx.targets);
    for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
      assessTarget(ctx, ctx.targets[i], i, config, [], function (requests, start, share) {
        const spider = new Spider(requests, originOf(start.url), scope, config, function (place) {
          emitPlace(ctx, place);
        });
        let stopped: Stop | null = null;
        try {
          spider.run(start, function (done, waiting) {
            share(Math.min(99, 100 * done / Math.min(config.maxPages, done + waiting + 1)), "Read " + done + " pages");
          });
        } catch (e) {
          if (!(e instanceof Stop)) {
            throw e;
          }

          // what was seen until then is still worth telling
          stopped = e;
          for (let p = 0; p < spider.places.length; p++) {
            emitPlace(ctx, spider.places[p]);
          }
        }

        if (stopped !== null) {
          throw stopped;
        }

        const summary = spider.pages + " pages read, " + spider.places.length + " urls and forms seen.";
        return spider.capped
          ? { summary, checks: [], gap: summary + " Links beyond " + config.maxPages + " pages or depth " + config.maxDepth + " were noted, not followed." }
          : { summary, checks: ["crawl"] };
      });
    }

    ctx.progress(100, "Done");
  }
};

function emitPlace(ctx: SecFlow.Context<Config>, place: Place): void {
  const record: { url: string; method: string; source: string; status?: number; body?: string; outOfScope?: boolean } = { url: fullUrl(place.url), method: place.method, source: "discovery.crawl" };
  if (place.status > 0) {
    record.status = place.status;
  }

  if (place.body !== "") {
    record.body = place.body.substr(0, 8000);
  }

  if (place.outOfScope) {
    record.outOfScope = true;
  }

  ctx.emit("urls", record);
}
