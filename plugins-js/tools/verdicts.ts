/** How a tool that was run ended; absent for a report that somebody kept. */
interface ToolEnd {
  /** Null when it was killed. */
  exitCode: number | null;
  timedOut: boolean;
  truncated: boolean;
  /** What the tool said on stderr: its end, one line. */
  said: string;
}

/** What `execute` hands to `parse` beside the files. */
interface RanOutput extends SecFlow.RawOutput {
  ended?: ToolEnd;
  /** Digest of the configuration that was assessed. */
  checks?: string[];
}

interface Judged {
  kind: SecFlow.VerdictKind;
  reason: string;
}

/** The host and port of a target as a tool takes them, or null: never an option, never more than one word. */
function plainHost(text: string): string | null {
  return text.length <= 300 && /^(?:::)?[A-Za-z0-9\[][A-Za-z0-9.\-:_\/\[\]]*$/.test(text) ? text : null;
}

/** Why the target does not answer http, or null when it does. A tool that exits with 0 proves nothing. */
function silence(ctx: SecFlow.Context, url: string): Judged | null {
  try {
    ctx.http({ method: "GET", url: url, timeoutMs: 10000, maxBytes: 4096 });
    return null;
  } catch (e) {
    return { kind: String((e as SecFlow.CallError).code || "").substr(0, 4) === "SF51" ? "unreachable" : "failed", reason: url + " gave no answer. " + messageOf(e) };
  }
}

/** The end of a run tool as `parse` gets it. */
function endOf(result: SecFlow.ToolResult): ToolEnd {
  const all = result.stderr.size === 0 ? "" : result.stderr.text(4194304);
  const said = all.substr(Math.max(0, all.length - 2000)).replace(/[\u0000-\u001f\u007f]+/g, " ").replace(/\s+/g, " ");
  return { exitCode: result.exitCode, timedOut: result.timedOut, truncated: result.truncated, said: clipped(said, 2000) };
}

/** What is true of every tool: a stop by time, cut output, and what the report says of itself. Null when nothing speaks against `completed`. */
function gapOf(reading: Reading, ended: ToolEnd | undefined): Judged | null {
  if (ended && ended.timedOut) {
    return { kind: "partial", reason: "The tool was stopped when its time was over; " + reading.records + " records until then." };
  }

  if (reading.unread > 0) {
    return { kind: reading.records > 0 ? "partial" : "failed", reason: "The report is not whole: " + reading.records + " records were read, " + reading.unread + " parts could not be. First: " + reading.problem };
  }

  return ended && ended.truncated ? { kind: "partial", reason: "The output was larger than is kept; " + reading.records + " records were read." } : null;
}

/** A name for what was configured, so that two runs can be compared. */
function checkOf(tool: string, parts: any[]): string {
  const text = JSON.stringify(parts);
  let a = 2166136261;
  let b = 5381;
  for (let i = 0; i < text.length; i++) {
    a = ((a ^ text.charCodeAt(i)) * 16777619) >>> 0;
    b = (b * 33 + text.charCodeAt(i)) >>> 0;
  }

  return tool + ":" + a.toString(16) + b.toString(16);
}

/** Requests per second of a target: what it allows, never more than the configuration asks for. */
function rateOf(target: SecFlow.Target, most?: number): number {
  const allowed = target.requestsPerSecond && target.requestsPerSecond > 0 ? target.requestsPerSecond : 10;
  return Math.max(1, Math.floor(Math.min(allowed, most || allowed)));
}
