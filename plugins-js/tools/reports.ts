/** Reading what tools write: the same thing comes as a text, a list or not at all, and everything in it may be hostile. */

/** The text without white space around it, at most `most` characters, never half a character. */
function clipped(value: any, most: number): string {
  const text = value === null || value === undefined ? "" : String(value).replace(/^\s+|\s+$/g, "");
  if (text.length <= most) {
    return text;
  }

  const last = text.charCodeAt(most - 1);
  return text.substr(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most);
}

/** The first of the names that the record has with a value. */
function valueOf(record: any, names: string[]): any {
  for (let i = 0; i < names.length; i++) {
    if (record[names[i]] !== undefined && record[names[i]] !== null) {
      return record[names[i]];
    }
  }

  return undefined;
}

/** Texts of a list, or of one text that holds several: a line each, or urls with commas between them. */
function textsOf(value: any, separator?: RegExp): string[] {
  const list: any[] = value instanceof Array ? value : typeof value === "string" ? value.split(separator || /\r?\n|,\s*(?=https?:\/\/)/) : typeof value === "number" ? [value] : [];
  const out: string[] = [];
  const seen: { [text: string]: boolean } = {};
  for (let i = 0; i < list.length && out.length < 100; i++) {
    const text = typeof list[i] === "string" || typeof list[i] === "number" ? clipped(list[i], 2048).replace(/^-\s+/, "") : "";
    if (text !== "" && !seen.hasOwnProperty(text)) {
      seen[text] = true;
      out.push(text);
    }
  }

  return out;
}

function numberOf(value: any): number | null {
  const number = typeof value === "number" ? value : typeof value === "string" && /^\s*-?[0-9]+(\.[0-9]+)?\s*$/.test(value) ? Number(value) : NaN;
  return isFinite(number) ? number : null;
}

/** CVE ids in upper case; placeholders and everything that is no id are left out. */
function cvesOf(values: string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < values.length && out.length < 50; i++) {
    const id = values[i].replace(/^\s+|\s+$/g, "").toUpperCase();
    if (isCve(id) && out.indexOf(id) < 0) {
      out.push(id);
    }
  }

  return out;
}

function isCve(id: string): boolean {
  return /^CVE-[0-9]{4}-[0-9]{4,}$/.test(id) && !/^CVE-[0-9]{4}-0+$/.test(id) && Number(id.substr(4, 4)) >= 1999;
}

/** Numbers of `CWE-79`, `cwe-79`, `CWE-79: Cross-site scripting` and 79; anything else (`NVD-CWE-noinfo`) is left out. */
function cwesOf(values: any[]): number[] {
  const out: number[] = [];
  for (let i = 0; i < values.length && out.length < 50; i++) {
    const m = /^\s*(?:cwe-)?0*([1-9][0-9]{0,4})(?![0-9A-Za-z])/i.exec(String(values[i]));
    const number = m ? Number(m[1]) : 0;
    if (number > 0 && out.indexOf(number) < 0) {
      out.push(number);
    }
  }

  return out;
}

/** CVSS of a vector and a score as tools write them, or undefined. The version stands in the vector, or it is 2.0. */
function cvssOf(vector: any, score: any): { version: string; vector: string; score: number } | undefined {
  const text = clipped(vector, 300);
  const number = numberOf(score);
  const m = /^CVSS:([0-9]\.[0-9])\//.exec(text);
  if (number === null || number < 0 || number > 10 || !(m || /^\(?AV:[LAN]\//.test(text))) {
    return undefined;
  }

  return { version: m ? m[1] : "2.0", vector: text, score: number };
}

function severityOfScore(score: number): SecFlow.Severity {
  return score >= 9 ? "critical" : score >= 7 ? "high" : score >= 4 ? "medium" : score > 0 ? "low" : "info";
}

/**
 * A place that stays the same when the same thing is seen again: of a url scheme and host in lower case, no default port, no fragment,
 * unreserved characters decoded, and the names of its parameters in order without their values, which are often random. Anything else in one line, host:port in lower case.
 */
function stablePlace(text: string): string {
  const url = parseUrl(text);
  if (url === null) {
    const line = clipped(text.replace(/[\u0000-\u001f\u007f]+/g, " "), 8192);
    return /^[A-Za-z0-9.\-\[\]:]+$/.test(line) ? line.toLowerCase() : line;
  }

  const names: string[] = [];
  const parts = url.query.replace(/^\?/, "").split("&");
  for (let i = 0; i < parts.length; i++) {
    const name = parts[i].split("=")[0];
    if (name !== "" && names.indexOf(name) < 0) {
      names.push(name);
    }
  }

  return clipped(originOf(url) + unreservedDecoded(url.path) + (names.length === 0 ? "" : "?" + names.sort().join("&")), 8192);
}

function unreservedDecoded(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, function (all: string, hex: string) {
    const c = String.fromCharCode(parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(c) ? c : all.toUpperCase();
  });
}

/** What a report holds beside its records, for the words of the verdict. */
interface Reading {
  records: number;
  /** Lines or parts that could not be read. */
  unread: number;
  /** Why reading stopped or parts were left out; empty when everything was read. */
  problem: string;
}

/** Reads JSON lines, an array of objects, or one object, however they are broken into lines. Texts longer than `cut` are cut. Broken ends are told, not thrown. */
function readJson(ctx: SecFlow.Context, report: SecFlow.Handle, take: (record: any) => void): Reading {
  const reading: Reading = { records: 0, unread: 0, problem: "" };
  const start = report.size === 0 ? "" : report.head(65536).replace(/^[\ufeff\s]+/, "");
  if (start === "") {
    return reading;
  }

  const one = function (record: any): void {
    const list = record instanceof Array ? record : [record];
    for (let i = 0; i < list.length; i++) {
      if (list[i] !== null && typeof list[i] === "object" && !(list[i] instanceof Array)) {
        reading.records++;
        take(list[i]);
      } else {
        reading.unread++;
        reading.problem = reading.problem || "A record is no object.";
      }
    }
  };
  const line = start.split("\n")[0].replace(/\s+$/, "");
  const isLines = start.charAt(0) !== "[" && !(start.charAt(0) === "{" && line.length < 65536 && line.charAt(line.length - 1) !== "}");
  try {
    if (isLines) {
      const lines = ctx.parse.jsonLines(report, one, { cut: 16384 });
      reading.unread += lines.skipped;
      reading.problem = reading.problem || lines.firstError || "";
    } else {
      ctx.parse.json(report, one, { cut: 16384 });
    }
  } catch (e) {
    reading.unread++;
    reading.problem = messageOf(e);
  }

  return reading;
}

/** An error's words, for the reason of a verdict. Limits are not caught: they end the plugin. */
function messageOf(error: any): string {
  return clipped((error && error.code ? error.code + ": " : "") + (error && error.message ? error.message : error), 500);
}

/** The report among what a tool wrote: the named file where the tool was run, stdout where somebody kept it. */
function reportOf(raw: SecFlow.RawOutput, name: string): SecFlow.Handle {
  return raw.files[name] || raw.stdout;
}
