interface Detail {
  parameter?: string;
  /** What in the answer proves it. */
  match?: string;
  /** One more sentence for this finding. */
  note?: string;
  severity?: SecFlow.Severity;
  cve?: string[];
  /** The body is quoted around `match`, with values hidden. */
  secret?: boolean;
}

/** Reports each fault once: same rule, place and parameter = same fault. */
class Reporter {
  count = 0;
  private readonly seen: { [key: string]: boolean } = {};
  private readonly left: { [id: string]: boolean } = {};

  constructor(private readonly ctx: SecFlow.Context<Config>, skip: ReadonlyArray<string>) {
    for (let i = 0; i < skip.length; i++) {
      this.left[skip[i]] = true;
    }
  }

  skips(id: string): boolean {
    return this.left.hasOwnProperty(id);
  }

  has(name: string, location: string, parameter?: string): boolean {
    return this.seen.hasOwnProperty(name + "\n" + location + "\n" + (parameter || ""));
  }

  report(name: string, location: string, reply: Answer, detail: Detail): void {
    const found = findRule("web-baseline." + name);
    if (this.skips(found.id) || this.has(name, location, detail.parameter)) {
      return;
    }

    this.seen[name + "\n" + location + "\n" + (detail.parameter || "")] = true;
    this.count++;
    const finding: SecFlow.Finding = {
      ruleId: found.id,
      title: (found.title + (detail.parameter ? ": " + detail.parameter : "")).substr(0, 200),
      severity: detail.severity || found.severity,
      confidence: found.confidence,
      location,
      method: reply.method,
      description: found.description + (detail.note ? " " + detail.note : ""),
      remediation: found.remediation,
      evidence: {
        request: reply.method + " " + fullUrl(reply.url),
        response: quote(reply, detail),
        match: hide((detail.match || "").substr(0, 500), detail.secret)
      },
      cwe: found.cwe,
      owasp: found.owasp
    };
    if (detail.parameter) {
      finding.parameter = detail.parameter;
    }

    if (detail.cve && detail.cve.length > 0) {
      finding.cve = detail.cve;
    }

    this.ctx.finding(finding);
  }
}

/** Status, headers (at most 1,000 characters) and the body around the match (at most 800): always below 2 KiB. */
function quote(reply: Answer, detail: Detail): string {
  let head = "HTTP " + reply.status + "\n";
  const list = reply.raw.headerList;
  for (let i = 0; i < list.length; i++) {
    const name = list[i][0];
    head += name + ": " + (/^set-cookie$/i.test(name) ? list[i][1].replace(/=[^;]*/, "=...") : list[i][1]) + "\n";
  }

  head = head.substr(0, 1000);
  const match = detail.match || "";
  const at = match === "" ? -1 : reply.text().indexOf(match);
  if (at < 0) {
    return head;
  }

  return head + "\n" + hide(printable(reply.text().substr(Math.max(0, at - 100), 800)), detail.secret);
}

function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/g, ".");
}

/** A secret is proved, not copied: values after = and : and long words keep four characters. */
function hide(text: string, secret: boolean | undefined): string {
  const plain = printable(text);
  return secret ? plain.replace(/([=:]\s*["']?)[^\s"'<]+/g, "$1***").replace(/[A-Za-z0-9+\/_-]{16,}/g, hideWord) : plain;
}

function hideWord(word: string): string {
  return word.substr(0, 4) + "***";
}
