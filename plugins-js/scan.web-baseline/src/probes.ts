const strangeOrigin = "https://secflow-probe.invalid";

/** Asks with an origin that the site cannot know. Places as for headers: the start page stands for the site. */
function checkCors(client: Client, out: Reporter, page: Page): void {
  const asked = client.send("cors", page.reply.url, "GET", { Origin: strangeOrigin });
  if (asked === null) {
    return;
  }

  const probe: Page = { reply: asked, html: page.html, isStart: page.isStart };
  const allowed = asked.header("access-control-allow-origin");
  const credentials = /^\s*true\s*$/i.test(asked.header("access-control-allow-credentials"));
  if (allowed === strangeOrigin && credentials) {
    pageFault(out, "cors-any-origin", probe, { match: allowed });
    return; // a site that repeats every origin also repeats null
  }

  if (allowed === "*" && credentials) {
    pageFault(out, "cors-wildcard-credentials", probe, { match: allowed });
    return;
  }

  const nulled = client.send("cors", page.reply.url, "GET", { Origin: "null" });
  if (nulled !== null && nulled.header("access-control-allow-origin") === "null"
    && /^\s*true\s*$/i.test(nulled.header("access-control-allow-credentials"))) {
    pageFault(out, "cors-null-origin", { reply: nulled, html: page.html, isStart: page.isStart }, { match: "null" });
  }
}

/** TRACE must return our own header; an Allow header alone is no proof for it. */
function checkMethods(client: Client, out: Reporter, start: Url): void {
  const site = originOf(start) + "/";
  const token = "secflow-7f3a91";
  const trace = client.send("methods", start, "TRACE", { "X-Probe": token });
  if (trace !== null && trace.status === 200 && trace.text().indexOf(token) >= 0
    && (/^\s*message\/http/i.test(trace.header("content-type")) || /^TRACE /.test(trace.text()))) {
    out.report("trace-enabled", site, trace, { match: token });
  }

  const options = client.send("methods", start, "OPTIONS");
  if (options === null || options.status >= 400) {
    return;
  }

  const offered = options.header("allow").toUpperCase().split(/[\s,]+/);
  const dangerous: string[] = [];
  for (let i = 0; i < offered.length; i++) {
    if (/^(PUT|DELETE|CONNECT|MKCOL|MOVE|COPY|PROPPATCH)$/.test(offered[i])) {
      dangerous.push(offered[i]);
    }
  }

  if (dangerous.length > 0) {
    out.report("dangerous-methods", site, options, { match: options.header("allow"), note: "Offered: " + dangerous.join(", ") + "." });
  }
}

/** Files that must not be served, under the folder of the target's address. */
function checkFiles(client: Client, out: Reporter, base: Url, impossible: string): void {
  for (let i = 0; i < exposures.length; i++) {
    const exposure = exposures[i];
    if (out.skips("web-baseline." + exposure.rule)) {
      continue;
    }

    for (let p = 0; p < exposure.paths.length; p++) {
      const url = resolveUrl(base, exposure.paths[p]);
      const place = url === null ? null : resolveUrl(base, exposure.place || exposure.paths[p]);
      if (url === null || place === null || out.has(exposure.rule, locationOf(place))) {
        continue;
      }

      const reply = client.send("files", url);
      if (reply !== null && proves(reply, exposure.proof, exposure.html === true, impossible)
        && (!exposure.also || exposure.also.test(reply.text()))) {
        reportExposure(out, exposure.rule, locationOf(place), reply, exposure.proof, exposure.secret);
      }
    }
  }

  checkRobots(client, out, base);
}

function checkRobots(client: Client, out: Reporter, base: Url): void {
  const url = resolveUrl(base, "robots.txt");
  const reply = url === null || out.skips("web-baseline.robots-reveals") ? null : client.send("files", url);
  if (reply === null || reply.status !== 200 || reply.isHtml() || !/^[ \t]*user-agent[ \t]*:/im.test(reply.text())) {
    return;
  }

  const m = /^[ \t]*disallow[ \t]*:[ \t]*(\/[^\s#]*(admin|backup|internal|private|secret|staging|database|config)[^\s#]*)/im.exec(reply.text());
  if (m) {
    out.report("robots-reveals", reply.location, reply, { match: m[0].replace(/^\s+/, "") });
  }
}

const redirectNames = /^(url|uri|next|goto|go|to|target|dest|destination|redir|redirect|redirect_uri|redirect_url|return|returnurl|return_url|returnto|return_to|continue|forward|out|link)$/i;
const strangePlace = "https://secflow-probe.invalid/";

/** For links with a parameter that holds a place: does the site send the visitor to any other site? One request each, never followed. */
function checkRedirects(client: Client, out: Reporter, links: Url[]): void {
  const tried: { [key: string]: boolean } = {};
  for (let i = 0; i < links.length; i++) {
    const parts = links[i].query.substr(1).split("&");
    for (let p = 0; p < parts.length; p++) {
      const name = decodePart(parts[p].split("=")[0]);
      const value = decodePart(parts[p].substr(parts[p].indexOf("=") + 1));
      const key = links[i].path + "\n" + name;
      if (tried.hasOwnProperty(key) || parts[p].indexOf("=") < 0 || !(redirectNames.test(name) || /^(https?:\/\/|\/[\w\/])/.test(value))) {
        continue;
      }

      tried[key] = true;
      const changed = parts.slice(0);
      changed[p] = parts[p].split("=")[0] + "=" + encodeURIComponent(strangePlace);
      const reply = client.send("redirects", { scheme: links[i].scheme, host: links[i].host, path: links[i].path, query: "?" + changed.join("&") });
      const sent = reply === null ? "" : reply.header("location");
      if (reply !== null && reply.status >= 300 && reply.status < 400 && sent.substr(0, strangePlace.length) === strangePlace) {
        out.report("open-redirect", reply.location, reply, { parameter: name, match: sent });
      }
    }
  }
}
