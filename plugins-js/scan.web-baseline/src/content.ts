/** Faults that the text of a page shows. They stand at the page's own address. */
function checkContent(out: Reporter, page: Page): void {
  const reply = page.reply;
  const text = reply.text();
  checkErrors(out, reply, reply.location);
  checkSecrets(out, reply);
  checkPrivateAddress(out, reply);
  if (!reply.isHtml()) {
    return;
  }

  checkComments(out, page);
  checkForms(out, page);
  checkLoads(out, page);
  checkGenerator(out, page);
  const standard = /<title>\s*(Apache2 [A-Za-z]+ Default Page[^<]{0,40}|Welcome to nginx!?|IIS Windows[^<]{0,40}|Apache Tomcat\/[^<]{1,20}|Test Page for the Apache[^<]{0,60}|Welcome to CentOS)\s*<\/title>/i.exec(text);
  if (standard) {
    out.report("default-page", reply.location, reply, { match: standard[0] });
  }
}

/**
 * Signatures of error pages. A page of 200 that merely talks about stack traces must not match, so plain traces count only in answers of 400 and more;
 * the others are structures that only the framework itself writes.
 */
const anyStatusErrors: Array<{ name: string; pattern: RegExp }> = [
  { name: "PHP message", pattern: /<b>(Fatal error|Warning|Parse error|Notice|Deprecated)<\/b>:\s[^\n]{1,200} in <b>[^<\n]{2,200}<\/b> on line <b>\d+<\/b>/ },
  { name: "Werkzeug debugger", pattern: /<title>[^<]{0,200}(\/\/ Werkzeug Debugger|Werkzeug Debugger)<\/title>/ },
  { name: "Django debug page", pattern: /You&#x27;re seeing this error because you have <code>DEBUG = True<\/code>|You're seeing this error because you have <code>DEBUG = True<\/code>/ },
  { name: "ASP.NET error page", pattern: /<h1>Server Error in '[^'<]{1,100}' Application\./i },
  { name: "Laravel debug page", pattern: /<title>[^<]{0,200}Whoops! There was an error\.?<\/title>/i }
];

const failedStatusErrors: Array<{ name: string; pattern: RegExp }> = [
  { name: "Python traceback", pattern: /Traceback \(most recent call last\):/ },
  { name: "Java stack trace", pattern: /\bat [a-zA-Z_$][\w$]*(\.[a-zA-Z_$][\w$]*){2,12}\([A-Za-z0-9_$]{1,60}\.(java|kt|scala):\d{1,6}\)/ },
  { name: ".NET stack trace", pattern: /\bat [A-Za-z_][\w`]*(\.[A-Za-z_<>][\w`<>]*){1,12}\([^)\n]{0,200}\) in [^\n]{2,200}:line \d{1,6}/ },
  { name: "Node.js stack trace", pattern: /\bat [^\n(]{1,100}\((\/|[A-Z]:\\)[^\n)]{2,200}\.js:\d{1,6}:\d{1,6}\)/ },
  { name: "Ruby trace", pattern: /\/[\w\/.-]{3,200}\.rb:\d{1,6}:in [`'][^'\n]{1,80}'/ },
  { name: "database error", pattern: /You have an error in your SQL syntax|ORA-\d{5}:|sqlite3\.OperationalError|SQLSTATE\[\w{5}\]|unterminated quoted string at or near|Unclosed quotation mark after the character string/ }
];

function checkErrors(out: Reporter, reply: Answer, location: string): void {
  const text = reply.text();
  const lists = reply.status >= 400 ? [anyStatusErrors, failedStatusErrors] : [anyStatusErrors];
  for (let l = 0; l < lists.length; l++) {
    for (let i = 0; i < lists[l].length; i++) {
      const m = lists[l][i].pattern.exec(text);
      if (m) {
        out.report("debug-error", location, reply, { match: m[0], note: "Found: " + lists[l][i].name + "." });
        return;
      }
    }
  }
}

/** Forms of keys that are unmistakable. */
const keyForms: Array<{ name: string; pattern: RegExp }> = [
  { name: "AWS access key id", pattern: /\b(AKIA|ASIA)[0-9A-Z]{16}\b/ },
  { name: "GitHub token", pattern: /\bgh[pousr]_[A-Za-z0-9]{36}\b/ },
  { name: "Slack token", pattern: /\bxox[baprs]-[0-9]{8,14}-[0-9A-Za-z-]{10,80}/ },
  { name: "Stripe secret key", pattern: /\b[rs]k_live_[0-9A-Za-z]{20,100}\b/ },
  { name: "private key", pattern: /-----BEGIN (RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----\s+[A-Za-z0-9+\/=]{20}/ }
];

function checkSecrets(out: Reporter, reply: Answer): void {
  const text = reply.text();
  for (let i = 0; i < keyForms.length; i++) {
    const m = keyForms[i].pattern.exec(text);
    if (m && !/EXAMPLE/.test(m[0])) {
      out.report("secret-in-page", reply.location, reply, { parameter: keyForms[i].name, match: m[0], secret: true });
    }
  }
}

const mostAddresses = 100;

/** 10/8, 172.16/12, 192.168/16 in text. Not: parts of longer numbers, versions (v10.0.0.1, Chrome/10.0.0.0), and the address that was asked itself. */
function checkPrivateAddress(out: Reporter, reply: Answer): void {
  const host = reply.url.host.replace(/:\d+$/, "");
  const pattern = /(^|[^\w.\/-])((?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}))(?![\w.-]|\/\d)/g;
  const urls = /https?:\/\/((?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}))(?![\w.-])/g;
  const sources = [reply.text(), reply.header("location") + " " + reply.header("x-backend-server") + " " + reply.header("via")];
  for (let s = 0; s < sources.length; s++) {
    pattern.lastIndex = 0;
    urls.lastIndex = 0;
    for (let m = pattern.exec(sources[s]), n = 0; m && n < mostAddresses; m = pattern.exec(sources[s]), n++) {
      const before = sources[s].substring(Math.max(0, m.index - 12), m.index + m[1].length);
      if (!/version[:\s"']*$/i.test(before)) {
        reportAddress(out, reply, host, m[2]);
      }
    }

    for (let m = urls.exec(sources[s]), n = 0; m && n < mostAddresses; m = urls.exec(sources[s]), n++) {
      reportAddress(out, reply, host, m[1]);
    }
  }
}

function reportAddress(out: Reporter, reply: Answer, host: string, address: string): void {
  const parts = address.split(".");
  for (let i = 0; i < 4; i++) {
    if (Number(parts[i]) > 255) {
      return;
    }
  }

  if (address !== host) {
    out.report("private-address", reply.location, reply, { parameter: address, match: address });
  }
}

const credential = /\b(pass(word|wd)?|pwd|secret|api[_-]?key|access[_-]?token)\b["']?\s*(?:[:=]|\bis\b)\s*["']?([^\s"'<>&,;]{3,})/i;
const placeholder = /^(\*+|x{3,}|\.{3,}|true|false|null|none|undefined|required|optional|your|changeme\W?$|\{|\$|%|\[|\()/i;
const internalNote = /\b(TODO|FIXME|XXX|HACK)\b/;
const internalPath = /(^|[\s"'(=])(\/[A-Za-z0-9._~\/-]*(backup|admin|internal|private|\.bak|\.sql|\.old|\.env|\.git)[A-Za-z0-9._~\/-]*)/i;

function checkComments(out: Reporter, page: Page): void {
  const comments = page.html.comments;
  for (let i = 0; i < comments.length; i++) {
    if (/^\[if /i.test(comments[i])) {
      continue; // a conditional comment of Internet Explorer is markup
    }

    const text = comments[i].replace(/^\s+|\s+$/g, "");
    const m = credential.exec(text);
    if (m && !placeholder.test(m[3])) {
      out.report("secret-in-comment", page.reply.location, page.reply, { match: m[0], secret: true });
      continue;
    }

    const note = internalNote.exec(text) || internalPath.exec(text);
    if (note) {
      out.report("revealing-comment", page.reply.location, page.reply, { match: text.substr(0, 200) });
    }
  }
}

function checkForms(out: Reporter, page: Page): void {
  const tags = page.html.tags;
  let form: Tag | null = null;
  for (let i = 0; i < tags.length; i++) {
    const tag = tags[i];
    if (tag.name === "form") {
      form = tag;
    } else if (tag.name === "/form") {
      form = null;
    } else if (tag.name === "input" && (attribute(tag, "type") || "").toLowerCase() === "password") {
      checkPasswordField(out, page, form);
    }
  }
}

function checkPasswordField(out: Reporter, page: Page, form: Tag | null): void {
  const reply = page.reply;
  const action = form ? attribute(form, "action") || "" : "";
  const destination = action === "" ? reply.url : resolveUrl(reply.url, action);
  if (reply.url.scheme === "http" || (destination !== null && destination.scheme === "http")) {
    out.report("password-over-http", reply.location, reply, { match: "type=password", note: "The form sends to " + (destination ? locationOf(destination) : action).substr(0, 200) + "." });
  }

  // a form without an action is usually sent by a script: its method says nothing
  if (form && action !== "" && destination !== null && (attribute(form, "method") || "get").toLowerCase() === "get") {
    out.report("password-in-url", reply.location, reply, { match: "type=password" });
  }
}

const loads: { [tag: string]: string } = {
  script: "src", link: "href", iframe: "src", frame: "src", img: "src", embed: "src", object: "data", video: "src", audio: "src", source: "src"
};

function checkLoads(out: Reporter, page: Page): void {
  const reply = page.reply;
  const tags = page.html.tags;
  for (let i = 0; i < tags.length; i++) {
    const tag = tags[i];
    if (tag.name === "a" || tag.name === "form" || tag.name === "area") {
      checkSessionLink(out, page, attribute(tag, "href") || attribute(tag, "action") || "");
    }

    if (!loads.hasOwnProperty(tag.name)) {
      continue;
    }

    const link = attribute(tag, loads[tag.name]);
    const url = link === undefined ? null : resolveUrl(reply.url, link);
    const style = tag.name !== "link" || /stylesheet|icon|preload/i.test(attribute(tag, "rel") || "");
    if (link === undefined || url === null || !style) {
      continue;
    }

    if (reply.url.scheme === "https" && url.scheme === "http") {
      out.report("mixed-content", reply.location, reply, { parameter: locationOf(url), match: link });
    }

    if (tag.name === "script" && siteOf(url.host) !== siteOf(reply.url.host) && !attribute(tag, "integrity")) {
      pageFault(out, "missing-integrity", page, { parameter: locationOf(url), match: link });
    }
  }
}

/** The last two labels of a name (an address whole): a script of another host of the same owner is not third-party. */
function siteOf(host: string): string {
  const name = host.replace(/:\d+$/, "");
  return /^[\d.]+$|^\[/.test(name) ? name : name.split(".").slice(-2).join(".");
}

function checkSessionLink(out: Reporter, page: Page, link: string): void {
  const m = /[;?&](jsessionid|phpsessid|aspsessionid\w*|sessionid|session_id|sid)=([A-Za-z0-9._-]{8,})/i.exec(link);
  const url = m ? resolveUrl(page.reply.url, link) : null;
  if (m && url !== null && url.host === page.reply.url.host) {
    out.report("session-in-url", page.reply.location, page.reply, { parameter: m[1].toLowerCase(), match: m[1] + "=" });
  }
}

function checkGenerator(out: Reporter, page: Page): void {
  const value = metaPolicy(page, "name", "generator");
  if (/^wordpress\s+\d/i.test(value)) {
    pageFault(out, "wordpress-version", page, { match: value, note: "Found: " + value.substr(0, 100) + "." });
  } else if (/\d+\.\d+|\s\d+\b/.test(value)) {
    pageFault(out, "generator", page, { match: value, note: "Found: " + value.substr(0, 100) + "." });
  }
}
