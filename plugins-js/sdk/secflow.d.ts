/**
 * Types of SecFlow's plugin interface. Plugins see nothing but `ctx`: no timers, files or sockets.
 * Global declarations, so that a plugin may consist of plain script files that TypeScript joins into one index.js (`outFile`).
 */
declare namespace SecFlow {
  type Severity = "critical" | "high" | "medium" | "low" | "info";

  /** `completed`: the whole target was assessed; `partial`: a part; the others: not assessed. */
  type VerdictKind = "completed" | "partial" | "unreachable" | "misused" | "failed";

  /** An approved target, after the scope check. `url` is there for kinds `url` and `host`. */
  interface Target {
    readonly id: string;
    readonly name: string;
    readonly kind: "url" | "host" | "cidr" | "folder";
    readonly value: string;
    readonly url?: string;
  }

  /** Data that stays with the engine and is read in pieces. Sizes are bytes. */
  interface Handle {
    readonly size: number;
    /** The first `n` bytes as text (default 4,096). */
    head(n: number): string;
    /** At most `max` bytes (default 1 MiB, at most 16 MiB) as text; what is not UTF-8 becomes U+FFFD. */
    text(max?: number): string;
  }

  interface HttpRequest {
    /** Default GET. */
    method?: string;
    /** Absolute, inside an approved target. */
    url: string;
    headers?: { [name: string]: string | string[] };
    body?: string;
    /** Default false. Each redirect is checked against the scope again. */
    followRedirects?: boolean;
    timeoutMs?: number;
    /** Largest body that is kept; a longer one is cut and `truncated`. */
    maxBytes?: number;
  }

  interface HttpResponse {
    readonly status: number;
    /** After redirects. */
    readonly url: string;
    /** By lower-case name, in the order received. */
    readonly headers: { readonly [name: string]: ReadonlyArray<string> };
    /** As received: order, case and repetition. */
    readonly headerList: ReadonlyArray<ReadonlyArray<string>>;
    readonly body: Handle;
    readonly truncated: boolean;
    readonly elapsedMs: number;
    readonly redirects: ReadonlyArray<string>;
    /** Such as `Tls13`; null over plain HTTP. */
    readonly tls: string | null;
  }

  interface ToolOptions {
    stdin?: string;
    files?: { [name: string]: string | Handle };
    onLine?: (line: string) => void;
    /** Seconds. */
    timeout?: number;
  }

  interface ToolResult {
    readonly exitCode: number;
    readonly stdout: Handle;
    readonly stderr: Handle;
    readonly files: { readonly [name: string]: Handle };
    readonly timedOut: boolean;
    readonly truncated: boolean;
    readonly toolVersion: string;
  }

  interface Evidence {
    request?: string;
    response?: string;
    match?: string;
  }

  /** What the author sets; the engine sets the rest (id, fingerprint, target, risk, ...). */
  interface Finding {
    ruleId: string;
    /** 1..200 characters. */
    title: string;
    severity: Severity;
    /** 0..100. */
    confidence: number;
    /** A url, host:port, file:line or package. */
    location: string;
    method?: string;
    parameter?: string;
    description: string;
    remediation: string;
    evidence?: Evidence;
    cwe?: number[];
    cve?: string[];
    /** Such as `A05:2021`. */
    owasp?: string;
    cvss?: { version: string; vector: string; score: number };
    attack?: string[];
    references?: string[];
  }

  interface Input {
    readonly count: number;
    each(fn: (record: any) => void): void;
  }

  interface Context<Config = any> {
    readonly config: Config;
    readonly run: { readonly id: string; readonly node: string; readonly attempt: number };
    readonly targets: ReadonlyArray<Target>;
    readonly inputs: { readonly [port: string]: Input };
    tool(name: string, args: string[], options?: ToolOptions): ToolResult;
    /** Throws an error with `code`: SF3xxx refused, SF51xx the target failed. */
    http(request: HttpRequest): HttpResponse;
    resource(uri: string): Handle;
    secret(name: string): string;
    emit(port: string, record: any): void;
    finding(finding: Finding): void;
    verdict(kind: VerdictKind, reason: string, details: { target?: string; checks?: string[] }): void;
    readonly log: {
      debug(text: string): void;
      info(text: string): void;
      warn(text: string): void;
      error(text: string): void;
    };
    /** 0..100. */
    progress(percent: number, text: string): void;
    readonly parse: {
      jsonLines(handle: Handle, fn: (record: any) => void): void;
      json(handle: Handle, fn: (record: any) => void): void;
      xml(handle: Handle, fn: (record: any) => void): void;
      csv(handle: Handle, fn: (record: any) => void): void;
    };
    cancelled(): boolean;
  }

  interface RawOutput {
    stdout: Handle;
    stderr: Handle;
    files: { [name: string]: Handle };
    target: string | null;
  }

  interface Plugin<Config = any> {
    initialize?(ctx: Context<Config>): void;
    execute(ctx: Context<Config>): void;
    parse?(ctx: Context<Config>, raw: RawOutput): void;
    cleanup?(ctx: Context<Config>): void;
  }

  /** What a failed or refused `ctx` call throws. */
  interface CallError {
    code?: string;
    message: string;
  }
}

declare var module: { exports: SecFlow.Plugin };
