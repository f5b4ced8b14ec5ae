const mostText = 16777216;
const defaultFolders = [".git", ".hg", ".svn", "node_modules", "bower_components", "vendor", ".venv", "venv", "__pycache__"];
const defaultFiles = ["*.min.js", "*.min.css", "*.map", "package-lock.json", "yarn.lock", "pnpm-lock.yaml"];

interface Folder {
  files: number;
  known: number;
  kinds: { [kind: string]: number };
}

function judged(ctx: SecFlow.Context<Config>, kind: SecFlow.VerdictKind, reason: string, target: string | undefined, checks: string[]): void {
  ctx.verdict(kind, reason, { target: target, checks: checks });
}

/** Arguments of find: every regular file that grep would read, its path alone. */
function findArguments(config: Config, folder: string): string[] {
  const args = [folder];
  const folders = config.exclude || defaultFolders;
  for (let i = 0; i < folders.length; i++) {
    args.push("-type", "d", "-name", folders[i], "-prune", "-o");
  }

  const files = config.excludeFiles || defaultFiles;
  args.push("-type", "f");
  for (let i = 0; i < files.length; i++) {
    args.push("!", "-name", files[i]);
  }

  args.push("-print");
  return args;
}

function grepArguments(config: Config, folder: string): string[] {
  const args = ["-r", "-n", "-I", "-i", "-Z", "-E", "-H", "--max-count=" + (config.maxPerFile || 500), "--file=/in/patterns"];
  const folders = config.exclude || defaultFolders;
  for (let i = 0; i < folders.length; i++) {
    args.push("--exclude-dir=" + folders[i]);
  }

  const files = config.excludeFiles || defaultFiles;
  for (let i = 0; i < files.length; i++) {
    args.push("--exclude=" + files[i]);
  }

  args.push(folder);
  return args;
}

function patternsOf(rules: Rule[]): string {
  const patterns: string[] = [];
  for (let i = 0; i < rules.length; i++) {
    if (patterns.indexOf(rules[i].find) < 0) {
      patterns.push(rules[i].find);
    }
  }

  return patterns.join("\n") + "\n";
}

function listFolder(ctx: SecFlow.Context<Config>, folder: string, timeout: number): { folder: Folder; ended: SecFlow.ToolResult } {
  const known = knownKinds();
  const counted: Folder = { files: 0, known: 0, kinds: {} };
  const ended = ctx.tool("find", findArguments(ctx.config, folder), {
    timeout: timeout, onLine: function (line) {
      const kind = kindOf(line);
      counted.files++;
      if (known.hasOwnProperty(kind)) {
        counted.known++;
        counted.kinds[kind] = (counted.kinds.hasOwnProperty(kind) ? counted.kinds[kind] : 0) + 1;
      }
    }
  });
  return { folder: counted, ended: ended };
}

function wordsOf(folder: Folder): string {
  const kinds: string[] = [];
  for (const kind in folder.kinds) {
    if (folder.kinds.hasOwnProperty(kind)) {
      kinds.push(kind);
    }
  }

  kinds.sort(function (a, b) { return folder.kinds[b] - folder.kinds[a] || (a < b ? -1 : 1); });
  const parts: string[] = [];
  for (let i = 0; i < kinds.length && i < 6; i++) {
    parts.push(folder.kinds[kinds[i]] + " " + kinds[i]);
  }

  return folder.files + " files, " + folder.known + " of languages with rules" + (parts.length === 0 ? "" : " (" + parts.join(", ") + ")");
}

/** Files whose suspicious lines were not all read. */
function cutFiles(review: Review, most: number): string[] {
  const cut: string[] = [];
  for (const path in review.lines) {
    if (review.lines.hasOwnProperty(path) && review.lines[path] >= most) {
      cut.push(path);
    }
  }

  return cut;
}

function reviewFolder(ctx: SecFlow.Context<Config>, target: SecFlow.Target, folder: string, rules: Rule[]): void {
  const timeout = ctx.config.timeout || 240;
  const listed = listFolder(ctx, folder, timeout);
  if (listed.ended.exitCode !== 0 && listed.folder.files === 0) {
    judged(ctx, "failed", "The folder could not be listed: " + listed.ended.stderr.head(500).replace(/\s+/g, " "), target.id, []);
    return;
  }

  if (listed.folder.files === 0) {
    judged(ctx, "misused", "There is no file to review in this folder: it is empty, or everything in it is left out by the configuration.", target.id, []);
    return;
  }

  ctx.progress(10, wordsOf(listed.folder));
  const review = new Review(ctx, rules, target.id);
  const ended = ctx.tool("grep", grepArguments(ctx.config, folder), {
    inputs: { patterns: patternsOf(rules) }, timeout: timeout, onLine: function (line) {
      review.take(line);
    }
  });
  const said = wordsOf(listed.folder) + "; " + review.read + " lines looked at, " + review.found + " findings.";
  const cut = cutFiles(review, ctx.config.maxPerFile || 500);
  if (ended.timedOut || listed.ended.timedOut) {
    judged(ctx, "partial", "Stopped when the time was over (" + timeout + " s): " + said, target.id, []);
  } else if (ended.exitCode !== 0 && ended.exitCode !== 1) {
    judged(ctx, review.read > 0 ? "partial" : "failed", "grep ended with " + ended.exitCode + " (" + ended.stderr.head(300).replace(/\s+/g, " ") + "): " + said, target.id, []);
  } else if (listed.ended.exitCode !== 0) {
    judged(ctx, "partial", "Some folders could not be read (" + listed.ended.stderr.head(300).replace(/\s+/g, " ") + "): " + said, target.id, []);
  } else if (cut.length > 0) {
    judged(ctx, "partial", cut.length + " files have more suspicious lines than are read, first " + cut[0].substr(0, 200) + ": " + said, target.id, []);
  } else {
    judged(ctx, "completed", said, target.id, idsOf(rules));
  }
}

/** Reads what grep printed, kept from a run. Nothing says how many files there were, so the verdict is partial. */
function parse(ctx: SecFlow.Context<Config>, raw: SecFlow.RawOutput): void {
  const target = raw.target === null ? undefined : raw.target;
  const review = new Review(ctx, rulesFor(ctx.config), target);
  const lines = raw.stdout.text(mostText).split("\n");
  let strange = 0;
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== "" && !review.take(lines[i])) {
      strange++;
    }
  }

  if (review.read === 0) {
    judged(ctx, "failed", strange > 0 ? "This is not what grep -Z -n prints: no line has a path and a number." : "The text is empty: it does not say whether a folder was looked at.", target, []);
  } else {
    judged(ctx, "partial", review.read + " lines, " + review.found + " findings" + (strange > 0 ? ", " + strange + " lines that grep did not print" : "") + "; the text does not say whether the whole folder was looked at.", target, []);
  }
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const rules = rulesFor(ctx.config);
    for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
      const target = ctx.targets[i];
      if (target.kind !== "folder" || target.folder === null) {
        judged(ctx, "misused", "A target of kind " + target.kind + " is no folder; this plugin reads the files of a folder or an uploaded archive.", target.id, []);
        continue;
      }

      reviewFolder(ctx, target, target.folder, rules);
    }

    ctx.progress(100, "Done");
  },
  parse: parse
};
