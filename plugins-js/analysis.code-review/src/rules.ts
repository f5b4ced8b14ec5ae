/** What a rule sees of one line. */
interface Line {
  /** `NAME/src/app.py`: the folder's name inside the sandbox, and the path in it. */
  path: string;
  /** Lower case, without the dot; of a file without one its whole name. */
  kind: string;
  number: number;
  text: string;
}

interface Rule {
  id: string;
  /** Kinds of files it looks at; none = every text file. */
  kinds?: string[];
  /** What a line has to match. The first group, where there is one, is the part that is secret. */
  pattern: RegExp;
  /** What a line must not match. */
  unless?: RegExp;
  /** An extended regular expression for grep that every such line matches as well, whatever the case. */
  find: string;
  title: string;
  severity: SecFlow.Severity;
  confidence: number;
  cwe: number[];
  owasp: string;
  why: string;
  instead: string;
  /** The match is a secret: only its beginning is ever said. */
  secret?: boolean;
  /** Looked at in comments as well. */
  inComments?: boolean;
}

const scripts = ["js", "mjs", "cjs", "jsx", "ts", "tsx", "vue", "svelte", "html", "htm"];
const python = ["py", "pyw"];
const php = ["php", "phtml", "php5", "inc"];
const java = ["java", "kt", "kts", "groovy", "scala", "jsp"];
const dotnet = ["cs", "cshtml", "razor", "vb", "fs"];
const native = ["c", "h", "cc", "cpp", "cxx", "hpp"];
const ruby = ["rb", "erb", "rake"];
const golang = ["go"];
const shell = ["sh", "bash", "zsh", "dockerfile", "yml", "yaml", "makefile"];

/** Kinds of files that count as reviewed: the others are text without a rule of their own, in which secrets are looked for. */
function knownKinds(): { [kind: string]: boolean } {
  const known: { [kind: string]: boolean } = {};
  const all = scripts.concat(python, php, java, dotnet, native, ruby, golang, shell);
  for (let i = 0; i < all.length; i++) {
    known[all[i]] = true;
  }

  return known;
}
