interface Config {
  maxPages: number;
  maxRequests: number;
  timeoutMs: number;
  maxBytes: number;
  skip: string[];
}

/**
 * Sends the requests to one target and keeps the account of them.
 * 1. A request that the target fails makes the rules of its stage incomplete; the scan goes on.
 * 2. A request that is refused (SF3xxx: outside the scope) is no failure: there was nothing to assess.
 * 3. After the budget or a cancel the scan stops by a Stop.
 */
class Client {
  requests = 0;
  failures = 0;
  lastError = "";
  readonly incomplete: { [stage: string]: boolean } = {};

  constructor(private readonly ctx: SecFlow.Context<Config>, private readonly config: Config) {
  }

  /** The answer, or null when the request failed or was refused. Redirects are not followed. */
  send(stage: Stage, url: Url, method?: string, headers?: { [name: string]: string }, maxBytes?: number): Answer | null {
    if (this.ctx.cancelled()) {
      throw new Stop("The run was cancelled.");
    }

    if (this.requests >= this.config.maxRequests) {
      throw new Stop("The budget of " + this.config.maxRequests + " requests (maxRequests) was used up.");
    }

    this.requests++;
    const bytes = maxBytes || this.config.maxBytes;
    const verb = method || "GET";
    try {
      const raw = this.ctx.http({
        method: verb, url: fullUrl(url), headers: headers || {}, followRedirects: false, timeoutMs: this.config.timeoutMs, maxBytes: bytes
      });
      return new Answer(verb, url, "", raw, bytes);
    } catch (e) {
      const error = e as SecFlow.CallError;
      const code = String(error.code || "");
      this.lastError = (code ? code + ": " : "") + error.message;
      if (code.substr(0, 3) === "SF3") {
        this.ctx.log.debug(verb + " " + fullUrl(url) + " was refused: " + this.lastError);
      } else if (code.substr(0, 4) === "SF51") {
        this.failures++;
        this.incomplete[stage] = true;
        this.ctx.log.warn(verb + " " + fullUrl(url) + " failed: " + this.lastError);
      } else {
        throw e;
      }

      return null;
    }
  }
}
