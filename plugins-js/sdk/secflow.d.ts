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
    /** Approved ports; for a url those beside its own. None listed means all for a host or network. */
    readonly ports: ReadonlyArray<number>;
    readonly tags: ReadonlyArray<string>;
    /** The engine keeps to it in ctx.http; pass it to a tool that has such an option. */
    readonly requestsPerSecond: number;
    /** What ctx.http says who asks; pass it to a tool that has such an option. */
    readonly userAgent: string;
    /** Of kind `folder`, with `permissions: { files: target }`: where tools see it, `/target/NAME`; else null. */
    readonly folder: string | null;
  }

  /** Data that stays with the engine and is read in pieces. Sizes are bytes. */
  interface Handle {
    readonly size: number;
    /** The first `n` bytes as text (default 4,096). */
    head(n?: number): string;
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

  interface TlsRequest {
    host: string;
    /** Default 443. */
    port?: number;
    /** For each handshake; default 10,000. */
    timeoutMs?: number;
  }

  interface TlsVersion {
    readonly name: "Tls10" | "Tls11" | "Tls12" | "Tls13";
    /** `untested`: the machine that scans cannot speak this version, or the connection failed. */
    readonly answer: "accepted" | "refused" | "untested";
    readonly cipher: string | null;
    readonly reason: string | null;
  }

  interface TlsCertificate {
    readonly subject: string;
    readonly issuer: string;
    readonly serial: string;
    /** UTC, `2026-01-31T00:00:00Z`. */
    readonly notBefore: string;
    readonly notAfter: string;
    /** DNS names and addresses. */
    readonly names: ReadonlyArray<string>;
    /** `RSA`, `ECDSA`, `DSA` or the name of another algorithm. */
    readonly keyType: string;
    /** 0 when not known. */
    readonly keyBits: number;
    /** Such as `sha256RSA`. */
    readonly signatureAlgorithm: string;
    readonly selfSigned: boolean;
    readonly sha256: string;
  }

  /** What the handshakes with one host and port showed. */
  interface TlsFacts {
    readonly host: string;
    readonly port: number;
    readonly versions: ReadonlyArray<TlsVersion>;
    /** As sent, the server's own first; at most 16, else `chainCut`. */
    readonly chain: ReadonlyArray<TlsCertificate>;
    readonly chainCut: boolean;
    /** By the roots of the machine that scans; revocation is not asked. */
    readonly trusted: boolean;
    /** Such as `UntrustedRoot`, `PartialChain`, `NotTimeValid`. */
    readonly trustProblems: ReadonlyArray<string>;
    readonly hostnameMatches: boolean;
    readonly elapsedMs: number;
  }

  /** A file of a report node. */
  interface Artifact {
    /** Appends text; all artifacts of a node together have at most 16 MiB. */
    write(text: string): void;
  }

  interface ToolOptions {
    /** What it reads on stdin: a text, or a handle of at most 16 MiB. Without it stdin is empty. */
    stdin?: string | Handle;
    /** Files that it finds as `/in/NAME`, read-only; at most 16. A name is letters, digits, `.`, `_` and `-`. */
    inputs?: { [name: string]: string | Handle };
    /** Files that are read out of `/out` afterwards, such as `report.xml`; at most 100. Those that are not there as regular files are missing in the result. */
    files?: string[];
    /** Gets each line of stdout that is not empty, while the tool runs. Only emit, finding, log, progress and cancelled can be called in it. */
    onLine?: (line: string) => void;
    /** Seconds; never longer than the node has left. */
    timeout?: number;
  }

  interface ToolResult {
    /** 128 + signal when a signal ended it; null when nobody knows because it was killed. */
    readonly exitCode: number | null;
    /** Without terminal escape sequences, as stderr. */
    readonly stdout: Handle;
    readonly stderr: Handle;
    readonly files: { readonly [name: string]: Handle };
    /** Its time was over: it got SIGINT, and SIGKILL two seconds later. What it had written is here. */
    readonly timedOut: boolean;
    /** Something of stdout, stderr or the files was not kept. */
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
    /** 0..100, 50 unless given. */
    confidence?: number;
    /** A url, host:port, file:line or package. */
    location: string;
    method?: string;
    parameter?: string;
    description?: string;
    remediation?: string;
    evidence?: Evidence;
    cwe?: number[];
    cve?: string[];
    /** Such as `A05:2021`. */
    owasp?: string;
    cvss?: { version: string; vector: string; score: number };
    attack?: string[];
    references?: string[];
    /** Value or id of one of `ctx.targets`; without it the location decides. */
    target?: string;
  }

  /** One record of a `urls` dataset. */
  interface UrlRecord {
    url: string;
    method?: string;
    /** What a form sends, as application/x-www-form-urlencoded. */
    body?: string;
    status?: number;
    /** Set by the engine: outside the run's targets, known and never touched. */
    outOfScope?: boolean;
    source: string;
  }

  /** One record of a `findings` input: the author's record, and what the engine knows of it. */
  interface KnownFinding extends Finding {
    readonly fingerprint: string;
    /** Id of the plugin that found it. */
    readonly plugin: string;
    readonly target: string;
    /** Why a filter hid it in this run. */
    readonly hidden?: string;
  }

  /** What an enrich plugin emits to its findings port: each given field replaces the finding's. */
  interface FindingPatch {
    fingerprint: string;
    description?: string;
    remediation?: string;
    cwe?: number[];
    cve?: string[];
    owasp?: string;
    cvss?: { version: string; vector: string; score: number };
    attack?: string[];
    references?: string[];
    /** Probability of exploitation, 0..1, of the finding's CVE with the highest. */
    epss?: { score: number; percentile: number; cve: string; date: string };
    /** The finding's CVE that is longest known to be exploited. */
    kev?: { cve: string; added: string; due: string; ransomware: boolean; date: string };
  }

  /** What a filter plugin emits to its findings port: the finding is hidden in this run, with the reason shown. */
  interface FindingHide {
    fingerprint: string;
    /** 1..500 characters. */
    hidden: string;
  }

  /** A node of the run, as a report sees it. */
  interface NodeFacts {
    readonly id: string;
    readonly plugin: string;
    readonly version: string;
    readonly digest: string;
    readonly signer: string | null;
    readonly status: string;
    readonly code: string | null;
    readonly message: string | null;
    readonly findings: number;
    readonly rejected: number;
    readonly requests: number;
    readonly refused: number;
  }

  interface AssessmentFacts {
    readonly node: string | null;
    readonly plugin: string;
    readonly target: string;
    readonly verdict: VerdictKind;
    readonly reason: string;
  }

  /** `ctx.run` of a report plugin; every other plugin has id, node, attempt, workflow and parameters. */
  interface ReportRun {
    readonly id: string;
    readonly node: string;
    readonly attempt: number;
    readonly workflow: string;
    readonly version: number;
    readonly startedBy: string;
    readonly startedAt: string | null;
    readonly reportedAt: string | null;
    readonly sandbox: string | null;
    readonly scopeRevision: string;
    readonly policyRevision: string;
    readonly nodes: ReadonlyArray<NodeFacts>;
    /** At most 2,000, those that are not complete first; `assessmentCount` says how many there are. */
    readonly assessments: ReadonlyArray<AssessmentFacts>;
    readonly assessmentCount: number;
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
    /**
     * Runs a declared tool in a sandbox of its own: current folder `/out`, inputs in `/in`, the target's folder in `/target`. There is no shell.
     * Throws an error with `code`: SF3xxx refused, SF4xxx it reached a limit, SF5001 missing, SF5002 too old, SF5003 changed, SF5005 an argument was refused.
     */
    tool(name: string, args: string[], options?: ToolOptions): ToolResult;
    /** Throws an error with `code`: SF3xxx refused, SF51xx the target failed. */
    http(request: HttpRequest): HttpResponse;
    /** Handshakes with a host and port of an approved target. Throws an error with `code`: SF3xxx refused, SF51xx the target failed. */
    tls(request: TlsRequest): TlsFacts;
    /** For report plugins: a file that the run offers for download. Media types: text/html, text/plain, text/csv, text/markdown, application/json, application/xml. */
    artifact(name: string, mediaType: string): Artifact;
    resource(uri: string): Handle;
    secret(name: string, target?: string): string;
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
      jsonLines(data: Handle | string, fn: (record: any, line: number) => void, options?: RecordShape): ParseSummary;
      /** Each element of the array at `path` (dotted; default the top), or the value there when it is none. Broken JSON throws; what was read before it was delivered. */
      json(data: Handle | string, fn: (record: any, index: number) => void, options?: RecordShape & { path?: string }): ParseSummary;
      /** Each element of these names wherever it stands, or each child of the root. Broken XML throws. */
      xml(data: Handle | string, fn: (element: XmlElement) => void, options?: { element?: string; elements?: string[] }): ParseSummary;
      /** RFC 4180. With a header (default) a record is an object by column, otherwise an array. */
      csv(data: Handle | string, fn: (record: any, row: number) => void, options?: { header?: boolean; delimiter?: string; only?: RecordFilter }): ParseSummary;
    };
    cancelled(): boolean;
  }

  /** Records with another value are passed over natively, without a call of the script. */
  interface RecordFilter {
    /** Dotted path of a text; of CSV a column's name, or its number (from 0) without a header. */
    field: string;
    /** Compared without regard to case. */
    values: ReadonlyArray<string>;
  }

  /** What the script gets of a JSON record. With `cut` or `skip` a record may have 8 MiB in the file; without, 256 KiB. */
  interface RecordShape {
    /** Most characters of each text. */
    cut?: number;
    /** Members of these names are left out wherever they stand. */
    skip?: ReadonlyArray<string>;
    only?: RecordFilter;
  }

  interface ParseSummary {
    readonly records: number;
    /** Lines or rows that could not be read. */
    readonly skipped: number;
    readonly firstError: string | null;
  }

  interface XmlElement {
    /** Without namespace prefix. */
    readonly name: string;
    readonly attributes: { readonly [name: string]: string };
    readonly text: string;
    readonly children: ReadonlyArray<XmlElement>;
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
