/** A page that was fetched, and whether it is the one that the target names. */
interface Page {
  reply: Answer;
  html: Html;
  isStart: boolean;
}

/**
 * Where a fault of headers is reported: on the start page it counts for the whole site and stands at the origin;
 * a page that has it while the start page has not stands at its own address.
 */
function pageFault(out: Reporter, name: string, page: Page, detail: Detail): void {
  const site = originOf(page.reply.url) + "/";
  if (page.isStart) {
    out.report(name, site, page.reply, detail);
  } else if (!out.has(name, site, detail.parameter)) {
    out.report(name, page.reply.location, page.reply, detail);
  }
}

/** Headers of pages. Only pages that a visitor sees count: answers of 200..299, and the start page whatever it answers. */
function checkPageHeaders(out: Reporter, page: Page): void {
  const reply = page.reply;
  if (!page.isStart && (reply.status < 200 || reply.status > 299)) {
    return;
  }

  if (!/\bnosniff\b/i.test(reply.header("x-content-type-options"))) {
    pageFault(out, "missing-content-type-options", page, {});
  }

  if (reply.url.scheme === "https") {
    checkHsts(out, page);
  }

  if (reply.isHtml() && (reply.status < 300 || reply.status > 399)) {
    checkPolicies(out, page);
    checkCharset(out, page);
  }
}

function checkHsts(out: Reporter, page: Page): void {
  const value = page.reply.header("strict-transport-security");
  const age = /max-age\s*=\s*"?(\d+)/i.exec(value);
  if (!age || Number(age[1]) < 86400) {
    pageFault(out, "missing-hsts", page, { match: value });
  }
}

function metaPolicy(page: Page, kind: string, name: string): string {
  const values: string[] = [];
  for (let i = 0; i < page.html.tags.length; i++) {
    const tag = page.html.tags[i];
    if (tag.name === "meta" && (attribute(tag, kind) || "").toLowerCase() === name) {
      values.push(attribute(tag, "content") || "");
    }
  }

  return values.join(", ");
}

function checkPolicies(out: Reporter, page: Page): void {
  const sent = page.reply.header("content-security-policy");
  const csp = sent || metaPolicy(page, "http-equiv", "content-security-policy");
  if (csp === "") {
    pageFault(out, "missing-csp", page, {});
  } else {
    const weak = weaknessOfCsp(csp);
    if (weak !== "") {
      pageFault(out, "weak-csp", page, { match: weak, note: "Found: " + weak + "." });
    }
  }

  const frame = page.reply.header("x-frame-options");
  if (!/^\s*(deny|sameorigin)/i.test(frame) && !/(^|[;,])\s*frame-ancestors\s/i.test(sent)) {
    pageFault(out, "missing-frame-protection", page, { match: frame });
  }

  const referrer = page.reply.header("referrer-policy") || metaPolicy(page, "name", "referrer");
  if (referrer === "" || /unsafe-url\s*$/i.test(referrer)) {
    pageFault(out, "missing-referrer-policy", page, { match: referrer });
  }

  if (page.reply.header("permissions-policy") === "" && page.reply.header("feature-policy") === "") {
    pageFault(out, "missing-permissions-policy", page, {});
  }
}

/** What makes a policy weak for scripts, or empty. Several policies hold together: one that is strict is enough. */
function weaknessOfCsp(header: string): string {
  const policies = header.split(",");
  let weakest = "";
  for (let i = 0; i < policies.length; i++) {
    if (/^\s*$/.test(policies[i])) {
      continue;
    }

    const weak = weaknessOfPolicy(policies[i].toLowerCase());
    if (weak === "") {
      return "";
    }

    weakest = weakest || weak;
  }

  return weakest;
}

function weaknessOfPolicy(policy: string): string {
  const directives: { [name: string]: string } = {};
  const parts = policy.split(";");
  for (let i = 0; i < parts.length; i++) {
    const words = parts[i].replace(/^\s+|\s+$/g, "").split(/\s+/);
    if (words[0] !== "" && !directives.hasOwnProperty(words[0])) {
      directives[words[0]] = " " + words.slice(1).join(" ") + " ";
    }
  }

  const has = function (name: string): boolean {
    return directives.hasOwnProperty(name);
  };
  if (!has("script-src") && !has("default-src")) {
    return "no script-src and no default-src";
  }

  const scripts = has("script-src") ? directives["script-src"] : directives["default-src"];
  const trusted = /'(nonce-|sha256-|sha384-|sha512-)/.test(scripts);
  if (scripts.indexOf(" 'unsafe-inline' ") >= 0 && !trusted && scripts.indexOf(" 'strict-dynamic' ") < 0) {
    return "'unsafe-inline'";
  }

  if (scripts.indexOf(" 'unsafe-eval' ") >= 0) {
    return "'unsafe-eval'";
  }

  const open = / (\*|https?:|data:|https?:\/\/\*) /.exec(scripts);
  return open && scripts.indexOf(" 'strict-dynamic' ") < 0 ? "scripts from " + open[1] : "";
}

function checkCharset(out: Reporter, page: Page): void {
  if (/charset\s*=/i.test(page.reply.header("content-type"))) {
    return;
  }

  const text = page.reply.text();
  if (text !== "" && text.charCodeAt(0) !== 0xfeff && !/<meta[^>]{0,200}charset\s*=/i.test(text.substr(0, 1024))) {
    pageFault(out, "missing-charset", page, { match: page.reply.header("content-type") });
  }
}

/** Headers that tell too much: once per site and header, whichever answer sends them. */
function checkDisclosure(out: Reporter, reply: Answer): void {
  const site = originOf(reply.url) + "/";
  const server = reply.header("server");
  if (/[\/ (-]v?\d+(\.\d+)*/.test(server)) {
    out.report("server-version", site, reply, { match: server, note: "Found: " + server.substr(0, 100) + "." });
  }

  const names = ["x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator"];
  for (let i = 0; i < names.length; i++) {
    const value = reply.header(names[i]);
    if (value !== "") {
      out.report("powered-by", site, reply, { parameter: names[i], match: value, note: "Found: " + value.substr(0, 100) + "." });
    }
  }

  const basic = reply.header("www-authenticate");
  if (reply.status === 401 && reply.url.scheme === "http" && /(^|,)\s*basic(\s|$)/i.test(basic)) {
    out.report("basic-auth-over-http", reply.location, reply, { match: basic });
  }
}

const sessionNames = /sess|^sid$|[._-]sid$|^sid[._-]|auth|token|jwt|login|identity|remember/i;
const readableNames = /csrf|xsrf|antiforgery|requestverification/i;

/** Cookies that look like a session, by name: once per site and cookie. Cookies that are being deleted do not count. */
function checkCookies(out: Reporter, reply: Answer): void {
  const site = originOf(reply.url) + "/";
  const cookies = reply.all("set-cookie");
  let session = "";
  for (let i = 0; i < cookies.length; i++) {
    const m = /^\s*([^=;\s]+)\s*=\s*([^;]*)(.*)$/.exec(cookies[i].replace(/[\r\n]/g, " "));
    if (!m || m[2] === "" || !sessionNames.test(m[1]) || readableNames.test(m[1])) {
      continue;
    }

    const attributes = m[3].toLowerCase() + ";";
    if (/;\s*max-age\s*=\s*(0|-\d+)\s*;/.test(attributes) || /;\s*expires\s*=[^;]*\b(1970|1601)\b/.test(attributes)) {
      continue;
    }

    session = m[1];
    const shown = m[1] + "=..." + m[3];
    if (!/;\s*httponly\s*;/.test(attributes)) {
      out.report("cookie-no-httponly", site, reply, { parameter: m[1], match: shown });
    }

    if (reply.url.scheme === "https" && !/;\s*secure\s*;/.test(attributes)) {
      out.report("cookie-no-secure", site, reply, { parameter: m[1], match: shown });
    }

    if (!/;\s*samesite\s*=\s*(lax|strict|none)\s*;/.test(attributes)) {
      out.report("cookie-no-samesite", site, reply, { parameter: m[1], match: shown });
    }
  }

  const cache = reply.header("cache-control");
  if (session !== "" && !/no-store|no-cache|private/i.test(cache) && !/no-cache/i.test(reply.header("pragma")) && reply.status < 400) {
    out.report("cacheable-session", site, reply, { match: cache });
  }
}
