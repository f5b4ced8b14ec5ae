interface Config {
  sources?: string[];
  nvd?: string[];
  kev?: string;
  epss?: string;
}

/** What the data sets say of one CVE. */
interface Known {
  nvd?: NvdFacts;
  kev?: KevFacts;
  epss?: { score: number; percentile: number };
}

interface NvdFacts {
  text: string;
  status: string;
  cvss?: { version: string; vector: string; score: number };
  cwe: number[];
  references: string[];
}

interface KevFacts {
  added: string;
  due: string;
  ransomware: boolean;
  action: string;
}

/** A data set that was read. */
interface DataSet {
  name: string;
  date: string;
}

const supported = ["nvd", "kev", "epss"];

/** CVE ids of the findings, each with what becomes known of it. */
class Ids {
  readonly known: { [id: string]: Known } = {};
  readonly list: string[] = [];

  add(ids: string[]): void {
    for (let i = 0; i < ids.length; i++) {
      if (isCve(ids[i]) && !this.known.hasOwnProperty(ids[i])) {
        this.known[ids[i]] = {};
        this.list.push(ids[i]);
      }
    }
  }

  find(id: any): Known | null {
    const text = String(id).toUpperCase();
    return this.known.hasOwnProperty(text) ? this.known[text] : null;
  }
}

/*
 * NVD JSON 2.0. Bulk: {"format":"NVD_CVE","version":"2.0","timestamp":"2026-01-01T00:00:00.000","vulnerabilities":[{"cve":{"id":"CVE-2021-44228",...}}]}
 * One file per CVE: {"id":"CVE-2021-44228","vulnStatus":"Analyzed","lastModified":"...","descriptions":[{"lang":"en","value":"..."}],
 *   "metrics":{"cvssMetricV31":[{"source":"nvd@nist.gov","type":"Primary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/...","baseScore":10.0}}]},
 *   "weaknesses":[{"description":[{"lang":"en","value":"CWE-20"}]}],"references":[{"url":"..."}],"configurations":[...]}
 */
function readNvd(ctx: SecFlow.Context<Config>, ids: Ids, uri: string): string {
  const data = ctx.resource(uri);
  const start = data.head(65536);
  const isBulk = /"vulnerabilities"\s*:/.test(start);
  let date = firstOf(/"timestamp"\s*:\s*"([^"]{10})/, start);
  const take = function (record: any): void {
    const cve = record.cve && record.cve.id ? record.cve : record;
    const known = ids.find(cve.id);
    if (known !== null) {
      known.nvd = nvdFacts(cve);
    }

    if (!isBulk && typeof cve.lastModified === "string" && cve.lastModified.substr(0, 10) > date) {
      date = cve.lastModified.substr(0, 10);
    }
  };
  const shape = { cut: 8192, skip: ["configurations", "vendorComments", "cveTags"] };
  if (isBulk) {
    ctx.parse.json(data, take, { path: "vulnerabilities", cut: shape.cut, skip: shape.skip, only: { field: "cve.id", values: ids.list } });
  } else {
    ctx.parse.json(data, take, shape);
  }

  return date || "unknown date";
}

function nvdFacts(cve: any): NvdFacts {
  const facts: NvdFacts = { text: "", status: clipped(cve.vulnStatus, 40), cvss: metricOf(cve.metrics || {}), cwe: [], references: [] };
  const descriptions = cve.descriptions || [];
  for (let i = 0; i < descriptions.length; i++) {
    if (descriptions[i].lang === "en" && facts.text === "") {
      facts.text = clipped(descriptions[i].value, 4096);
    }
  }

  const weaknesses: string[] = [];
  for (let i = 0; i < (cve.weaknesses || []).length; i++) {
    for (let k = 0; k < (cve.weaknesses[i].description || []).length; k++) {
      weaknesses.push(String(cve.weaknesses[i].description[k].value));
    }
  }

  facts.cwe = cwesOf(weaknesses);
  for (let i = 0; i < (cve.references || []).length && facts.references.length < 10; i++) {
    const url = clipped(cve.references[i].url, 2048);
    if (/^https?:\/\//.test(url) && facts.references.indexOf(url) < 0) {
      facts.references.push(url);
    }
  }

  return facts;
}

/** The score that most findings carry: 3.1 before 4.0, 3.0 and 2.0; of one version NVD's own (Primary) first. */
function metricOf(metrics: any): { version: string; vector: string; score: number } | undefined {
  const names = ["cvssMetricV31", "cvssMetricV40", "cvssMetricV30", "cvssMetricV2"];
  for (let i = 0; i < names.length; i++) {
    const list = metrics[names[i]] || [];
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < list.length; k++) {
        const cvss = (pass === 1 || list[k].type === "Primary") && list[k].cvssData ? cvssOf(list[k].cvssData.vectorString, list[k].cvssData.baseScore) : undefined;
        if (cvss) {
          return cvss;
        }
      }
    }
  }

  return undefined;
}

/** CISA's catalogue: `{"catalogVersion":"2026.01.01","dateReleased":"...","vulnerabilities":[{"cveID":"CVE-...","dateAdded":"...","dueDate":"...","knownRansomwareCampaignUse":"Known","requiredAction":"..."}]}`. */
function readKev(ctx: SecFlow.Context<Config>, ids: Ids, uri: string): string {
  const data = ctx.resource(uri);
  const start = data.head(65536);
  ctx.parse.json(data, function (entry) {
    const known = ids.find(entry.cveID);
    if (known !== null) {
      known.kev = { added: clipped(entry.dateAdded, 10), due: clipped(entry.dueDate, 10), ransomware: entry.knownRansomwareCampaignUse === "Known", action: clipped(entry.requiredAction, 1000) };
    }
  }, { path: "vulnerabilities", cut: 4096, only: { field: "cveID", values: ids.list } });
  return firstOf(/"dateReleased"\s*:\s*"([0-9-]{10})/, start) || firstOf(/"catalogVersion"\s*:\s*"([0-9.]{8,12})"/, start) || "unknown date";
}

/** FIRST's scores: `#model_version:v2026.01.01,score_date:2026-01-01T00:00:00+0000`, then `cve,epss,percentile` and a row each. */
function readEpss(ctx: SecFlow.Context<Config>, ids: Ids, uri: string): string {
  const data = ctx.resource(uri);
  ctx.parse.csv(data, function (row) {
    const known = ids.find(row[0]);
    const score = numberOf(row[1]);
    const percentile = numberOf(row[2]);
    if (known !== null && score !== null && percentile !== null && score >= 0 && score <= 1 && percentile >= 0 && percentile <= 1) {
      known.epss = { score: score, percentile: percentile };
    }
  }, { header: false, only: { field: "0", values: ids.list } });
  return firstOf(/score_date:\s*([0-9-]{10})/, data.head(4096)) || "unknown date";
}

function firstOf(pattern: RegExp, text: string): string {
  const m = pattern.exec(text);
  return m ? m[1] : "";
}

/** What the data sets add to a finding; null when nothing. The tool's severity, and what it said of score and weakness, stay. */
function patchFor(finding: SecFlow.KnownFinding, ids: Ids, sets: DataSet[]): SecFlow.FindingPatch | null {
  const cves = cvesOf(finding.cve || []);
  if (cves.length === 0) {
    return null;
  }

  const patch: SecFlow.FindingPatch = { fingerprint: finding.fingerprint };
  const notes: string[] = [];
  const references = (finding.references || []).slice(0, 100);
  let cwe: number[] = [];
  for (let i = 0; i < cves.length; i++) {
    const known = ids.known[cves[i]];
    for (let s = 0; s < sets.length; s++) {
      const note = noteOf(cves[i], known, sets[s]);
      if ((finding.description || "").indexOf(note) < 0) {
        notes.push(note);
      }
    }

    if (known.nvd) {
      cwe = cwe.concat(known.nvd.cwe);
      addAll(references, ["https://nvd.nist.gov/vuln/detail/" + cves[i]].concat(known.nvd.references));
      if (known.nvd.cvss && !finding.cvss && (!patch.cvss || known.nvd.cvss.score > patch.cvss.score)) {
        patch.cvss = known.nvd.cvss;
      }
    }

    if (known.epss && (!patch.epss || known.epss.score > patch.epss.score)) {
      patch.epss = { score: known.epss.score, percentile: known.epss.percentile, cve: cves[i], date: dateOf(sets, "epss") };
    }

    if (known.kev && (!patch.kev || known.kev.added < patch.kev.added)) {
      patch.kev = { cve: cves[i], added: known.kev.added, due: known.kev.due, ransomware: known.kev.ransomware, date: dateOf(sets, "kev") };
    }
  }

  if (!finding.cwe && cwe.length > 0) {
    patch.cwe = cwesOf(cwe);
  }

  if (references.length > (finding.references || []).length) {
    patch.references = references;
  }

  if (notes.length > 0) {
    patch.description = clipped((finding.description ? finding.description + "\n\n" : "") + notes.join("\n"), 32768);
  }

  return patch;
}

function noteOf(cve: string, known: Known, set: DataSet): string {
  const label = cve + " (" + set.name.toUpperCase() + " of " + set.date + "): ";
  if (set.name === "nvd") {
    return known.nvd ? label + (known.nvd.text || "no description") + (/^(Rejected|Disputed)/i.test(known.nvd.status) ? " Status: " + known.nvd.status + "." : "") : label + "not in the data set of " + set.date + ".";
  }

  if (set.name === "kev") {
    return known.kev ? label + "known to be exploited since " + known.kev.added + (known.kev.ransomware ? ", also by ransomware" : "") + ". " + known.kev.action : label + "not in the data set of " + set.date + ".";
  }

  return known.epss ? label + "probability of exploitation in 30 days " + known.epss.score + ", percentile " + known.epss.percentile + "." : label + "not in the data set of " + set.date + ".";
}

function addAll(list: string[], more: string[]): void {
  for (let i = 0; i < more.length && list.length < 100; i++) {
    if (list.indexOf(more[i]) < 0) {
      list.push(more[i]);
    }
  }
}

function dateOf(sets: DataSet[], name: string): string {
  for (let i = 0; i < sets.length; i++) {
    if (sets[i].name === name) {
      return sets[i].date;
    }
  }

  return "";
}

/** Reads one source; false when nobody has imported it and nobody has asked for it by name. */
function readSource(ctx: SecFlow.Context<Config>, ids: Ids, source: string, named: boolean, sets: DataSet[]): boolean {
  try {
    if (source === "nvd") {
      const uris = ctx.config.nvd && ctx.config.nvd.length > 0 ? ctx.config.nvd : ["res://cve/nvd:latest"];
      let date = "";
      for (let i = 0; i < uris.length; i++) {
        const one = readNvd(ctx, ids, uris[i]);
        date = one > date ? one : date;
      }

      sets.push({ name: source, date: date });
    } else if (source === "kev") {
      sets.push({ name: source, date: readKev(ctx, ids, ctx.config.kev || "res://cve/kev:latest") });
    } else {
      sets.push({ name: source, date: readEpss(ctx, ids, ctx.config.epss || "res://cve/epss:latest") });
    }

    return true;
  } catch (e) {
    if (named || (e as SecFlow.CallError).code !== "SF1701") {
      throw e;
    }

    ctx.log.info("The data set '" + source + "' is not imported; it is left out. " + messageOf(e));
    return false;
  }
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const named = ctx.config.sources !== undefined && ctx.config.sources.length > 0;
    const sources = named ? ctx.config.sources as string[] : supported;
    const ids = new Ids();
    const sets: DataSet[] = [];
    let seen = 0;
    let patched = 0;
    ctx.inputs.findings.each(function (finding: SecFlow.KnownFinding) {
      seen++;
      ids.add(cvesOf(finding.cve || []));
    });
    for (let i = 0; i < sources.length && !ctx.cancelled(); i++) {
      if (supported.indexOf(sources[i]) < 0) {
        ctx.log.warn("The source '" + sources[i] + "' is not supported: no data set of it can be imported. Supported: " + supported.join(", ") + ". Nothing of it was added.");
      } else if (ids.list.length > 0) {
        ctx.progress(80 * i / sources.length, "Looking up " + ids.list.length + " CVEs in " + sources[i]);
        readSource(ctx, ids, sources[i], named, sets);
      }
    }

    if (sets.length > 0) {
      ctx.inputs.findings.each(function (finding: SecFlow.KnownFinding) {
        const patch = patchFor(finding, ids, sets);
        if (patch !== null) {
          patched++;
          ctx.emit("findings", patch);
        }
      });
    } else if (ids.list.length > 0) {
      throw new Error("There are " + ids.list.length + " CVEs to look up and no data set to do it in. Import one: secflow resource import cve/kev FILE (also nvd, epss).");
    }

    ctx.log.info(patched + " of " + seen + " findings were given what " + (sets.length === 0 ? "no data set" : describeSets(sets)) + " say of their " + ids.list.length + " CVEs.");
    ctx.progress(100, "Done");
  }
};

function describeSets(sets: DataSet[]): string {
  const words: string[] = [];
  for (let i = 0; i < sets.length; i++) {
    words.push(sets[i].name.toUpperCase() + " of " + sets[i].date);
  }

  return words.join(", ");
}
