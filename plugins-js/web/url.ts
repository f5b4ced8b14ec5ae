interface Url {
  scheme: string;
  /** Host with port, the default port left out. */
  host: string;
  /** Begins with a slash. */
  path: string;
  /** With its question mark, or empty. */
  query: string;
}

/** An absolute http(s) url, or null. User names in urls are refused. */
function parseUrl(text: string): Url | null {
  const m = /^(https?):\/\/([^\/?#@\s\\]+)([^?#]*)(\?[^#]*)?/i.exec(text);
  if (!m) {
    return null;
  }

  const scheme = m[1].toLowerCase();
  const host = m[2].toLowerCase().replace(scheme === "http" ? /:80$/ : /:443$/, "");
  return { scheme, host, path: normalPath(m[3] || "/"), query: m[4] || "" };
}

function normalPath(path: string): string {
  const out: string[] = [];
  const parts = path.split("/");
  for (let i = 1; i < parts.length; i++) {
    if (parts[i] === "..") {
      out.pop();
    } else if (parts[i] !== ".") {
      out.push(parts[i]);
      continue;
    }

    if (i === parts.length - 1) {
      out.push("");
    }
  }

  return "/" + out.join("/");
}

/** A link of a page as an absolute url; null for other schemes, empty ones and fragments. */
function resolveUrl(base: Url, link: string): Url | null {
  const text = link.replace(/^\s+|\s+$/g, "").replace(/[\t\r\n]/g, "").replace(/ /g, "%20");
  if (text === "" || text.charAt(0) === "#" || text.length > 2000) {
    return null;
  }

  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) {
    return parseUrl(text);
  }

  if (text.substr(0, 2) === "//") {
    return parseUrl(base.scheme + ":" + text);
  }

  const origin = base.scheme + "://" + base.host;
  if (text.charAt(0) === "/") {
    return parseUrl(origin + text);
  }

  if (text.charAt(0) === "?") {
    return parseUrl(origin + base.path + text);
  }

  return parseUrl(origin + base.path.substring(0, base.path.lastIndexOf("/") + 1) + text);
}

function originOf(url: Url): string {
  return url.scheme + "://" + url.host;
}

/** Where a finding is: without query and fragment, so that the same fault keeps its place. */
function locationOf(url: Url): string {
  return originOf(url) + url.path;
}

function fullUrl(url: Url): string {
  return originOf(url) + url.path + url.query;
}

/** File name extension of the path, lower-case, without the dot; empty when there is none. */
function extensionOf(url: Url): string {
  const m = /\.([A-Za-z0-9]{1,8})$/.exec(url.path);
  return m ? m[1].toLowerCase() : "";
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, " "));
  } catch (e) {
    return text; // not percent-encoded UTF-8: the raw text is the value
  }
}
