interface Config {
  exclude?: string[];
  excludeFiles?: string[];
  maxPerFile?: number;
  timeout?: number;
  skip?: string[];
}

const mostCharacters = 1000;

function rulesFor(config: Config): Rule[] {
  const all = secretRules.concat(constructRules);
  const skip = config.skip || [];
  const rules: Rule[] = [];
  for (let i = 0; i < all.length; i++) {
    if (skip.indexOf(all[i].id) < 0) {
      rules.push(all[i]);
    }
  }

  return rules;
}

function idsOf(rules: Rule[]): string[] {
  const ids: string[] = [];
  for (let i = 0; i < rules.length; i++) {
    if (ids.indexOf(rules[i].id) < 0) {
      ids.push(rules[i].id);
    }
  }

  return ids;
}

function kindOf(path: string): string {
  const name = path.substr(path.lastIndexOf("/") + 1).toLowerCase();
  const dot = name.lastIndexOf(".");
  return dot < 0 ? name : name.substr(dot + 1);
}

/** A name for what is in a line, so that a finding stays the same when lines move. */
function hashOf(text: string): string {
  let a = 2166136261;
  for (let i = 0; i < text.length; i++) {
    a = ((a ^ text.charCodeAt(i)) * 16777619) >>> 0;
  }

  return ("0000000" + a.toString(16)).slice(-8);
}

function isComment(line: Line): boolean {
  return /^\s*(\/\/|#(?!!|include|define)|\*|\/\*|<!--|--\s|;|rem\s)/i.test(line.text);
}

/** The line without its secret: the first four characters stay, so that its owner knows it again. */
function masked(text: string, secret: string): string {
  const kept = secret.substr(0, 4);
  return text.split(secret).join(kept + "***");
}

/** Lines that grep found, one after the other. */
class Review {
  /** Suspicious lines by file. */
  readonly lines: { [path: string]: number } = {};
  found = 0;
  read = 0;
  private readonly seen: { [mark: string]: number } = {};

  constructor(private readonly ctx: SecFlow.Context<Config>, private readonly rules: Rule[], private readonly target: string | undefined) {
  }

  /** Raw text: `/target/NAME/src/app.py` NUL `12:    os.system("rm " + name)`. */
  take(raw: string): boolean {
    const end = raw.indexOf("\u0000");
    const colon = raw.indexOf(":", end);
    const number = end < 0 || colon < 0 ? 0 : parseInt(raw.substring(end + 1, colon), 10);
    if (!(number > 0)) {
      return false;
    }

    const path = raw.substr(0, end).replace(/^\/target\//, "");
    const text = raw.substr(colon + 1, mostCharacters);
    this.read++;
    this.lines[path] = (this.lines.hasOwnProperty(path) ? this.lines[path] : 0) + 1;
    this.look({ path: path, kind: kindOf(path), number: number, text: text });
    return true;
  }

  private look(line: Line): void {
    const comment = isComment(line);
    let said = " ";
    for (let i = 0; i < this.rules.length; i++) {
      const rule = this.rules[i];
      if ((comment && !rule.inComments) || said.indexOf(" " + rule.id + " ") >= 0 || (rule.kinds && rule.kinds.indexOf(line.kind) < 0)) {
        continue;
      }

      const match = rule.pattern.exec(line.text);
      if (match !== null && !(rule.unless && rule.unless.test(rule.secret && match[1] ? match[1] : line.text))) {
        said += rule.id + " ";
        this.report(rule, line, match);
      }
    }
  }

  private report(rule: Rule, line: Line, match: RegExpExecArray): void {
    const mark = line.path + " " + hashOf(rule.id + line.text.replace(/\s+/g, " "));
    const again = this.seen.hasOwnProperty(mark) ? this.seen[mark] : 0;
    this.seen[mark] = again + 1;
    this.found++;
    const shown = rule.secret && match[1] ? masked(line.text, match[1]) : line.text;
    const finding: SecFlow.Finding = {
      ruleId: rule.id, title: rule.title, severity: rule.severity, confidence: rule.confidence, location: line.path + ":" + line.number,
      parameter: (again === 0 ? mark : mark + " " + (again + 1)).slice(-500), description: rule.why, remediation: rule.instead, cwe: rule.cwe, owasp: rule.owasp,
      evidence: { match: shown.replace(/^\s+/, "").substr(0, 500) }
    };
    if (this.target !== undefined) {
      finding.target = this.target;
    }

    this.ctx.finding(finding);
  }
}
