const redirectNames = /^(url|uri|next|goto|go|to|target|dest|destination|redir|redirect|redirect_?ur[il]|return|return_?url|return_?to|continue|forward|out|link|back|callback)$/i;
const strangePlace = "secflow-probe.invalid";

/** Looks at one parameter. Each kind of weakness is proved by an answer, never by an absence. */
class Prober {
  found = 0;
  private counter = 0;

  constructor(private readonly ctx: SecFlow.Context<Config>, private readonly requests: Requests, private readonly config: Config) {
  }

  look(point: Point): void {
    const token = this.token();
    const plain = sendWith(this.requests, point, token);
    if (plain === null) {
      return;
    }

    if (this.config.crossSiteScripting && isMarkup(plain) && plain.text().indexOf(token) >= 0) {
      this.lookForScripting(point, plain, token);
    }

    if (this.config.openRedirect && (redirectNames.test(point.name) || /^(https?:)?\/\//.test(point.value) || plain.header("location").indexOf(token) >= 0)) {
      this.lookForRedirect(point);
    }

    if (this.config.sqlError && sqlErrorIn(plain.text()) === null) {
      this.lookForSql(point);
    }
  }

  private token(): string {
    this.counter++;
    return "sf" + randomLetters(this.ctx.run.id + this.counter, 10);
  }

  /** Sends what would leave each place where the input came back, and looks whether it arrived as it was sent. */
  private lookForScripting(point: Point, plain: Answer, token: string): void {
    const tried: { [kind: string]: boolean } = {};
    const page = plain.text();
    let places = 0;
    for (let at = page.indexOf(token); at >= 0 && places < 20; at = page.indexOf(token, at + token.length)) {
      places++;
      const context = contextAt(page, at);
      const kind = context.kind + context.quote + (context.kind === "raw" ? context.element : "");
      if (tried.hasOwnProperty(kind)) {
        continue;
      }

      tried[kind] = true;
      if (this.breaksOut(point, context)) {
        return;
      }
    }
  }

  private breaksOut(point: Point, wanted: Context): boolean {
    const [before, after] = [this.token(), this.token()];
    const attempts = payloads(wanted);
    for (let i = 0; i < attempts.length; i++) {
      const answer = sendWith(this.requests, point, before + attempts[i] + after);
      if (answer === null || !isMarkup(answer)) {
        continue;
      }

      const sent = before + attempts[i] + after;
      const page = answer.text();
      for (let at = page.indexOf(sent); at >= 0; at = page.indexOf(sent, at + 1)) {
        const context = contextAt(page, at);
        if (context.kind === wanted.kind && context.quote === wanted.quote && leaves(page, at, context, attempts[i], before)) {
          this.report("reflection.cross-site-scripting", point, answer, sent, "It arrives in " + words(context) + ".", 95);
          return true;
        }
      }
    }

    return false;
  }

  private lookForRedirect(point: Point): void {
    const places = ["https://" + strangePlace + "/", "//" + strangePlace + "/"];
    for (let i = 0; i < places.length; i++) {
      const answer = sendWith(this.requests, point, places[i]);
      const sent = answer === null ? "" : answer.header("location");
      if (answer !== null && answer.isRedirect() && (sent.substr(0, places[0].length) === places[0] || sent.substr(0, places[1].length) === places[1])) {
        this.report("reflection.open-redirect", point, answer, sent, "", 95);
        return;
      }
    }
  }

  private lookForSql(point: Point): void {
    const broken = sendWith(this.requests, point, point.value + "'");
    const error = broken === null ? null : sqlErrorIn(broken.text());
    if (broken === null || error === null) {
      return;
    }

    // the page as it is, and with the quote doubled: an error that is always there is no proof
    const usual = sendWith(this.requests, point, point.value);
    if (usual === null || sqlErrorIn(usual.text()) !== null) {
      return;
    }

    const doubled = sendWith(this.requests, point, point.value + "''");
    const heals = doubled !== null && sqlErrorIn(doubled.text()) === null;
    this.report("reflection.sql-error", point, broken, error.match, "The error is one of " + error.database + (heals ? ", and a doubled quote makes it go away." : "."), heals ? 95 : 75);
  }

  private report(id: string, point: Point, answer: Answer, match: string, note: string, confidence: number): void {
    const rule = rules[id];
    this.found++;
    this.ctx.finding({
      ruleId: id,
      title: (rule.title + ": " + point.name).substr(0, 200),
      severity: rule.severity,
      confidence,
      location: locationOf(point.url),
      method: point.method,
      parameter: point.name.substr(0, 500),
      description: rule.description + (note ? " " + note : ""),
      remediation: rule.remediation,
      evidence: { request: answer.method + " " + fullUrl(answer.url) + (answer.sent === "" ? "" : "\n\n" + answer.sent), response: quoteAround(answer, match), match: match.substr(0, 500) },
      cwe: rule.cwe,
      owasp: rule.owasp
    });
  }
}

function isMarkup(answer: Answer): boolean {
  return answer.isHtml() || (answer.header("content-type") === "" && /^\s*<(!doctype html|html)/i.test(answer.text()));
}

/** What would leave the place. Nothing here runs anywhere: the element is unknown to every browser. */
function payloads(context: Context): string[] {
  switch (context.kind) {
    case "attribute":
      return context.quote === "" ? [" sfx=1 ", "><sfx>"] : [context.quote + " sfx=" + context.quote];
    case "tag":
      return [" sfx=1 ", "><sfx>"];
    case "script":
      return context.quote === "" ? [";sfx();", "</script><sfx>"] : [context.quote + ";sfx();//", "</script><sfx>"];
    case "style":
      return ["</style><sfx>"];
    case "raw":
      return ["</" + context.element + "><sfx>"];
    case "comment":
      return ["--><sfx>"];
    default:
      return ["<sfx>"];
  }
}

/** Whether the payload, found unchanged at that place, really ends the place: an escaping backslash before a quote keeps a script string whole. */
function leaves(page: string, at: number, context: Context, payload: string, before: string): boolean {
  if (payload.charAt(0) === "<" || context.kind === "comment") {
    return true;
  }

  const inside = contextAt(page, at + before.length + payload.length);
  switch (context.kind) {
    case "attribute":
    case "tag":
      return payload.charAt(0) === ">" ? inside.kind === "text" : inside.kind === "tag" || inside.kind === "attribute";
    case "script":
      return context.quote === "" || quoteIsFree(page, at + before.length);
    default:
      return true;
  }
}

function quoteIsFree(page: string, at: number): boolean {
  let slashes = 0;
  while (page.charAt(at - 1 - slashes) === "\\") {
    slashes++;
  }

  return slashes % 2 === 0;
}

function words(context: Context): string {
  switch (context.kind) {
    case "attribute":
      return "an attribute of <" + context.element + ">" + (context.quote === "" ? " without quotes" : "");
    case "tag":
      return "the tag <" + context.element + ">";
    case "script":
      return context.quote === "" ? "a script" : "a string in a script";
    case "raw":
      return "<" + context.element + ">";
    case "style":
      return "a style sheet";
    case "comment":
      return "a comment";
    default:
      return "the text of the page";
  }
}

/** Status, headers (at most 1,000 characters) and the body around the match (at most 800). */
function quoteAround(answer: Answer, match: string): string {
  let head = "HTTP " + answer.status + "\n";
  const list = answer.raw.headerList;
  for (let i = 0; i < list.length; i++) {
    head += list[i][0] + ": " + (/^set-cookie$/i.test(list[i][0]) ? list[i][1].replace(/=[^;]*/, "=...") : list[i][1]) + "\n";
  }

  const at = answer.text().indexOf(match);
  return head.substr(0, 1000) + (at < 0 ? "" : "\n" + answer.text().substr(Math.max(0, at - 200), 800).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/g, "."));
}

/** Letters that no page has by chance, the same for the same text. */
function randomLetters(text: string, count: number): string {
  let hash = 2166136261;
  let letters = "";
  for (let i = 0; i < text.length; i++) {
    hash = ((hash ^ text.charCodeAt(i)) * 16777619) >>> 0;
  }

  for (let i = 0; i < count; i++) {
    hash = ((hash ^ (hash >>> 13)) * 2654435761 + i) >>> 0;
    letters += "bcdfghjklmnpqrstvwxz".charAt(hash % 20);
  }

  return letters;
}
