interface RequestLimits {
  maxRequests: number;
  timeoutMs: number;
  maxBytes: number;
}

const mostFailuresInARow = 5;

/**
 * Sends the requests to one target and keeps the account of them.
 * 1. A request that the target fails is counted; after five in a row the target is taken for gone (Stop).
 * 2. A request that is refused (SF3xxx: outside the scope) is no failure: there was nothing to assess.
 * 3. After the budget or a cancel: Stop. Redirects are never followed by the engine.
 */
class Requests {
  sent = 0;
  answered = 0;
  failures = 0;
  lastError = "";
  private inARow = 0;

  constructor(private readonly ctx: SecFlow.Context, private readonly limits: RequestLimits) {
  }

  /** The answer, or null when the request failed or was refused. A form body makes it a POST. */
  send(url: Url, method?: string, form?: string): Answer | null {
    if (this.ctx.cancelled()) {
      throw new Stop("The run was cancelled.");
    }

    if (this.sent >= this.limits.maxRequests) {
      throw new Stop("The budget of " + this.limits.maxRequests + " requests (maxRequests) was used up.");
    }

    this.sent++;
    const verb = method || "GET";
    const request: SecFlow.HttpRequest = { method: verb, url: fullUrl(url), headers: {}, followRedirects: false, timeoutMs: this.limits.timeoutMs, maxBytes: this.limits.maxBytes };
    if (form !== undefined) {
      request.body = form;
      request.headers = { "Content-Type": "application/x-www-form-urlencoded" };
    }

    try {
      const raw = this.ctx.http(request);
      this.inARow = 0;
      this.answered++;
      return new Answer(verb, url, form || "", raw, this.limits.maxBytes);
    } catch (e) {
      this.failed(verb + " " + fullUrl(url), e as SecFlow.CallError);
      return null;
    }
  }

  private failed(what: string, error: SecFlow.CallError): void {
    const code = String(error.code || "");
    this.lastError = (code ? code + ": " : "") + error.message;
    if (code.substr(0, 3) === "SF3") {
      this.ctx.log.debug(what + " was refused: " + this.lastError);
    } else if (code.substr(0, 4) === "SF51") {
      this.failures++;
      this.inARow++;
      this.ctx.log.warn(what + " failed: " + this.lastError);
      if (this.inARow >= mostFailuresInARow) {
        throw new Stop("The target stopped answering: " + this.inARow + " requests failed in a row. Last: " + this.lastError);
      }
    } else {
      throw error;
    }
  }
}

/** What a plugin does with one target after it has answered. Gives the words of the verdict. */
interface Assessment {
  summary: string;
  checks: string[];
  /** Set when something was left out although every request was answered. */
  gap?: string;
}

/**
 * One target from its first request to its verdict: `completed`, or honestly less.
 * unreachable: the first request had no answer; partial: requests failed, the budget ended, the run was cancelled, the target went away; misused: there is no http address.
 */
function assessTarget(
  ctx: SecFlow.Context, target: SecFlow.Target, index: number, limits: RequestLimits, cut: string[],
  work: (requests: Requests, start: Answer, share: (part: number, text: string) => void) => Assessment
): void {
  const url = target.url ? parseUrl(target.url) : null;
  if (url === null) {
    ctx.verdict("misused", "A target of kind " + target.kind + " has no http address; this plugin needs a url or a host.", { target: target.id, checks: [] });
    return;
  }

  const requests = new Requests(ctx, limits);
  const share = function (part: number, text: string): void {
    ctx.progress(Math.min(100, (index + part / 100) * 100 / ctx.targets.length), text + ": " + url.host);
  };
  try {
    share(0, "Start page");
    const start = requests.send(url);
    if (start === null) {
      ctx.verdict("unreachable", "The start page " + fullUrl(url) + " gave no answer. " + requests.lastError, { target: target.id, checks: [] });
      return;
    }

    const done = work(requests, start, share);
    if (requests.failures > 0) {
      ctx.verdict("partial", requests.failures + " of " + requests.sent + " requests failed. Last: " + requests.lastError, { target: target.id, checks: cut });
    } else if (done.gap) {
      ctx.verdict("partial", done.gap, { target: target.id, checks: cut });
    } else {
      ctx.verdict("completed", done.summary, { target: target.id, checks: done.checks });
    }
  } catch (e) {
    if (!(e instanceof Stop)) {
      throw e;
    }

    ctx.verdict("partial", e.message, { target: target.id, checks: cut });
  }
}
