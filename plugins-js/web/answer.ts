/** Why a target could not be completely looked at. */
class Stop {
  // named message: the interpreter cannot carry a thrown object without one
  constructor(public readonly message: string) {
  }
}

/** One answer of the target. The body is read when it is first needed. */
class Answer {
  private body: string | null = null;

  constructor(public readonly method: string, public readonly url: Url, public readonly sent: string, public readonly raw: SecFlow.HttpResponse, private readonly maxBytes: number) {
  }

  get status(): number {
    return this.raw.status;
  }

  /** Each value of a header, in the order received. */
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

  isRedirect(): boolean {
    return this.status >= 300 && this.status < 400 && this.header("location") !== "";
  }

  /** Where it is, without what differs from run to run. */
  get location(): string {
    return locationOf(this.url);
  }
}
