/**
 * How a site says "not here", learnt from paths that cannot exist.
 * 1. One rule per folder and kind of name (extension, folder, dot file): a site may answer each in its own way.
 * 2. Two random paths per kind. A path counts as missing when its answer resembles theirs: status, redirect target or body, with the path itself taken out.
 * 3. When the two differ from each other, only what they share is asked for.
 */
class Calibration {
  private readonly kinds: { [key: string]: Sample[] } = {};

  constructor(private readonly requests: Requests, private readonly salt: string) {
  }

  /** Whether the answer is the site's way to say that nothing is there. */
  isMissing(folder: Url, word: string, answer: Answer): boolean {
    if (answer.status === 404 || answer.status === 410) {
      return true;
    }

    const samples = this.samples(folder, word);
    const sample = sampleOf(answer);
    for (let i = 0; i < samples.length; i++) {
      if (alike(sample, samples[i], samples)) {
        return true;
      }
    }

    return false;
  }

  private samples(folder: Url, word: string): Sample[] {
    const kind = kindOf(word);
    const key = folder.path + "\n" + kind;
    if (!this.kinds.hasOwnProperty(key)) {
      const samples: Sample[] = [];
      for (let i = 0; i < 2; i++) {
        const name = randomName(this.salt + key + i);
        const url = resolveUrl(folder, nameOfKind(kind, name));
        const answer = url === null ? null : this.requests.send(url);
        if (answer !== null) {
          samples.push(sampleOf(answer));
        }
      }

      this.kinds[key] = samples;
    }

    return this.kinds[key];
  }
}

interface Sample {
  status: number;
  redirect: string;
  length: number;
  text: string;
  words: { [word: string]: boolean };
  count: number;
}

const leastAlike = 0.9;

function kindOf(word: string): string {
  if (/^\.ht/.test(word)) {
    return ".ht";
  }

  const last = word.replace(/\/$/, "").split("/").pop() || "";
  if (last.charAt(0) === ".") {
    return word.charAt(word.length - 1) === "/" ? "./" : ".";
  }

  const dot = last.lastIndexOf(".");
  return word.charAt(word.length - 1) === "/" ? "/" : dot > 0 ? last.substr(dot).toLowerCase() : "";
}

function nameOfKind(kind: string, name: string): string {
  return kind === ".ht" ? ".ht" + name : kind === "./" ? "." + name + "/" : kind === "." ? "." + name : name + kind;
}

/** Letters that no site has by chance, the same for the same text. */
function randomName(text: string): string {
  let hash = 2166136261;
  let name = "";
  for (let i = 0; i < text.length; i++) {
    hash = ((hash ^ text.charCodeAt(i)) * 16777619) >>> 0;
  }

  for (let i = 0; i < 12; i++) {
    hash = ((hash ^ (hash >>> 13)) * 2654435761 + i) >>> 0;
    name += "bcdfghjklmnpqrstvwxz".charAt(hash % 20);
  }

  return name;
}

function sampleOf(answer: Answer): Sample {
  const text = withoutPath(answer.text().substr(0, 65536), answer.url);
  const found = text.toLowerCase().match(/[a-z]{3,}/g) || [];
  const words: { [word: string]: boolean } = {};
  let count = 0;
  for (let i = 0; i < found.length && i < 2000; i++) {
    if (!words.hasOwnProperty(found[i])) {
      words[found[i]] = true;
      count++;
    }
  }

  return { status: answer.status, redirect: withoutPath(answer.header("location"), answer.url), length: text.length, text, words, count };
}

/** The text without the address that was asked for, as it stands and encoded, and without numbers: what is left does not depend on the path. */
function withoutPath(text: string, url: Url): string {
  const names = url.path.split("/");
  let left = text.split(fullUrl(url)).join("").split(url.path).join("").split(encodeURIComponent(url.path)).join("");
  for (let i = 0; i < names.length; i++) {
    if (names[i].length >= 3) {
      left = left.split(names[i]).join("");
    }
  }

  return left.replace(/[0-9]+/g, "0");
}

function alike(a: Sample, b: Sample, all: Sample[]): boolean {
  if (a.status !== b.status) {
    return false;
  }

  if (a.status >= 300 && a.status < 400) {
    return a.redirect === b.redirect;
  }

  if (a.text === b.text) {
    return true;
  }

  const least = all.length === 2 ? Math.min(leastAlike, shared(all[0], all[1]) * 0.95) : leastAlike;
  return shared(a, b) >= least && Math.abs(a.length - b.length) <= Math.max(64, 0.3 * b.length);
}

/** The part of the words that both have, 0..1. */
function shared(a: Sample, b: Sample): number {
  if (a.count === 0 && b.count === 0) {
    return 1;
  }

  let both = 0;
  for (const word in a.words) {
    if (b.words.hasOwnProperty(word)) {
      both++;
    }
  }

  return both / (a.count + b.count - both);
}
