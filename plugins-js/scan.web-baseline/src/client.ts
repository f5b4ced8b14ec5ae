interface Config {
  maxPages: number;
  maxRequests: number;
  timeoutMs: number;
  maxBytes: number;
  skip: string[];
}

/** One answer of the target. The body is read when it is first needed. */
class Reply {
  private body: string | null = null;

  constructor(
    public readonly method: string,
    public readonly url: Url,
    public readonly raw: SecFlow.HttpResponse,
    private readonly maxBytes: number
  ) {
  }

  get status(): number {
    return this.raw.status;
  }

  all(name: string): ReadonlyArray<string> {
    return this.raw.headers.hasOwnProperty(name) ? this.raw.headers[name] : [];
  }

  /** The values of a header joined by commas; empty when it is absent. */
  header(name: string): string {
    return this.all(name).join(", ");
  }

  text(): string {
    if (this.body === null) {
      this.body = this.raw.body.size === 0 ? "" : this.raw.body.text(this.maxBytes);
    }

    return this.body;
  }

  isHtml(): boolean {
    return /^\s*(text\/html|application\/xhtml\+xml)/i.test(this.header("content-type"));
  }

  get location(): string {
    return locationOf(this.url);
  }
}

/** Why a target could not be completely looked at. */
class Stop {
  // named message: the interpreter cannot carry a thrown object without one
  constructor(public readonly message: string) {
  }
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
  send(stage: Stage, url: Url, method?: string, headers?: { [name: string]: string }, maxBytes?: number): Reply | null {
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
      return new Reply(verb, url, raw, bytes);
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
