"use strict";
function parseUrl(text) {
    var m = /^(https?):\/\/([^\/?#@\s\\]+)([^?#]*)(\?[^#]*)?/i.exec(text);
    if (!m) {
        return null;
    }
    var scheme = m[1].toLowerCase();
    var host = m[2].toLowerCase().replace(scheme === "http" ? /:80$/ : /:443$/, "");
    return { scheme: scheme, host: host, path: normalPath(m[3] || "/"), query: m[4] || "" };
}
function normalPath(path) {
    var out = [];
    var parts = path.split("/");
    for (var i = 1; i < parts.length; i++) {
        if (parts[i] === "..") {
            out.pop();
        }
        else if (parts[i] !== ".") {
            out.push(parts[i]);
            continue;
        }
        if (i === parts.length - 1) {
            out.push("");
        }
    }
    return "/" + out.join("/");
}
function resolveUrl(base, link) {
    var text = link.replace(/^\s+|\s+$/g, "").replace(/[\t\r\n]/g, "").replace(/ /g, "%20");
    if (text === "" || text.charAt(0) === "#" || text.length > 2000) {
        return null;
    }
    if (/^[a-z][a-z0-9+.-]*:/i.test(text)) {
        return parseUrl(text);
    }
    if (text.substr(0, 2) === "//") {
        return parseUrl(base.scheme + ":" + text);
    }
    var origin = base.scheme + "://" + base.host;
    if (text.charAt(0) === "/") {
        return parseUrl(origin + text);
    }
    if (text.charAt(0) === "?") {
        return parseUrl(origin + base.path + text);
    }
    return parseUrl(origin + base.path.substring(0, base.path.lastIndexOf("/") + 1) + text);
}
function originOf(url) {
    return url.scheme + "://" + url.host;
}
function locationOf(url) {
    return originOf(url) + url.path;
}
function fullUrl(url) {
    return originOf(url) + url.path + url.query;
}
function extensionOf(url) {
    var m = /\.([A-Za-z0-9]{1,8})$/.exec(url.path);
    return m ? m[1].toLowerCase() : "";
}
function decodePart(text) {
    try {
        return decodeURIComponent(text.replace(/\+/g, " "));
    }
    catch (e) {
        return text;
    }
}
function clipped(value, most) {
    var text = value === null || value === undefined ? "" : String(value).replace(/^\s+|\s+$/g, "");
    if (text.length <= most) {
        return text;
    }
    var last = text.charCodeAt(most - 1);
    return text.substr(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most);
}
function valueOf(record, names) {
    for (var i = 0; i < names.length; i++) {
        if (record[names[i]] !== undefined && record[names[i]] !== null) {
            return record[names[i]];
        }
    }
    return undefined;
}
function textsOf(value, separator) {
    var list = value instanceof Array ? value : typeof value === "string" ? value.split(separator || /\r?\n|,\s*(?=https?:\/\/)/) : typeof value === "number" ? [value] : [];
    var out = [];
    var seen = {};
    for (var i = 0; i < list.length && out.length < 100; i++) {
        var text = typeof list[i] === "string" || typeof list[i] === "number" ? clipped(list[i], 2048).replace(/^-\s+/, "") : "";
        if (text !== "" && !seen.hasOwnProperty(text)) {
            seen[text] = true;
            out.push(text);
        }
    }
    return out;
}
function numberOf(value) {
    var number = typeof value === "number" ? value : typeof value === "string" && /^\s*-?[0-9]+(\.[0-9]+)?\s*$/.test(value) ? Number(value) : NaN;
    return isFinite(number) ? number : null;
}
function cvesOf(values) {
    var out = [];
    for (var i = 0; i < values.length && out.length < 50; i++) {
        var id = values[i].replace(/^\s+|\s+$/g, "").toUpperCase();
        if (isCve(id) && out.indexOf(id) < 0) {
            out.push(id);
        }
    }
    return out;
}
function isCve(id) {
    return /^CVE-[0-9]{4}-[0-9]{4,}$/.test(id) && !/^CVE-[0-9]{4}-0+$/.test(id) && Number(id.substr(4, 4)) >= 1999;
}
function cwesOf(values) {
    var out = [];
    for (var i = 0; i < values.length && out.length < 50; i++) {
        var m = /^\s*(?:cwe-)?0*([1-9][0-9]{0,4})(?![0-9A-Za-z])/i.exec(String(values[i]));
        var number = m ? Number(m[1]) : 0;
        if (number > 0 && out.indexOf(number) < 0) {
            out.push(number);
        }
    }
    return out;
}
function cvssOf(vector, score) {
    var text = clipped(vector, 300);
    var number = numberOf(score);
    var m = /^CVSS:([0-9]\.[0-9])\//.exec(text);
    if (number === null || number < 0 || number > 10 || !(m || /^\(?AV:[LAN]\//.test(text))) {
        return undefined;
    }
    return { version: m ? m[1] : "2.0", vector: text, score: number };
}
function severityOfScore(score) {
    return score >= 9 ? "critical" : score >= 7 ? "high" : score >= 4 ? "medium" : score > 0 ? "low" : "info";
}
function stablePlace(text) {
    var url = parseUrl(text);
    if (url === null) {
        var line = clipped(text.replace(/[\u0000-\u001f\u007f]+/g, " "), 8192);
        return /^[A-Za-z0-9.\-\[\]:]+$/.test(line) ? line.toLowerCase() : line;
    }
    var names = [];
    var parts = url.query.replace(/^\?/, "").split("&");
    for (var i = 0; i < parts.length; i++) {
        var name = parts[i].split("=")[0];
        if (name !== "" && names.indexOf(name) < 0) {
            names.push(name);
        }
    }
    return clipped(originOf(url) + unreservedDecoded(url.path) + (names.length === 0 ? "" : "?" + names.sort().join("&")), 8192);
}
function unreservedDecoded(path) {
    return path.replace(/%([0-9A-Fa-f]{2})/g, function (all, hex) {
        var c = String.fromCharCode(parseInt(hex, 16));
        return /[A-Za-z0-9\-._~]/.test(c) ? c : all.toUpperCase();
    });
}
function readJson(ctx, report, take) {
    var reading = { records: 0, unread: 0, problem: "" };
    var start = report.size === 0 ? "" : report.head(65536).replace(/^[\ufeff\s]+/, "");
    if (start === "") {
        return reading;
    }
    var one = function (record) {
        var list = record instanceof Array ? record : [record];
        for (var i = 0; i < list.length; i++) {
            if (list[i] !== null && typeof list[i] === "object" && !(list[i] instanceof Array)) {
                reading.records++;
                take(list[i]);
            }
            else {
                reading.unread++;
                reading.problem = reading.problem || "A record is no object.";
            }
        }
    };
    var line = start.split("\n")[0].replace(/\s+$/, "");
    var isLines = start.charAt(0) !== "[" && !(start.charAt(0) === "{" && line.length < 65536 && line.charAt(line.length - 1) !== "}");
    try {
        if (isLines) {
            var lines = ctx.parse.jsonLines(report, one, { cut: 16384 });
            reading.unread += lines.skipped;
            reading.problem = reading.problem || lines.firstError || "";
        }
        else {
            ctx.parse.json(report, one, { cut: 16384 });
        }
    }
    catch (e) {
        reading.unread++;
        reading.problem = messageOf(e);
    }
    return reading;
}
function messageOf(error) {
    return clipped((error && error.code ? error.code + ": " : "") + (error && error.message ? error.message : error), 500);
}
function reportOf(raw, name) {
    return raw.files[name] || raw.stdout;
}
var supported = ["nvd", "kev", "epss"];
var Ids = (function () {
    function Ids() {
        this.known = {};
        this.list = [];
    }
    Ids.prototype.add = function (ids) {
        for (var i = 0; i < ids.length; i++) {
            if (isCve(ids[i]) && !this.known.hasOwnProperty(ids[i])) {
                this.known[ids[i]] = {};
                this.list.push(ids[i]);
            }
        }
    };
    Ids.prototype.find = function (id) {
        var text = String(id).toUpperCase();
        return this.known.hasOwnProperty(text) ? this.known[text] : null;
    };
    return Ids;
}());
function readNvd(ctx, ids, uri) {
    var data = ctx.resource(uri);
    var start = data.head(65536);
    var isBulk = /"vulnerabilities"\s*:/.test(start);
    var date = firstOf(/"timestamp"\s*:\s*"([^"]{10})/, start);
    var take = function (record) {
        var cve = record.cve && record.cve.id ? record.cve : record;
        var known = ids.find(cve.id);
        if (known !== null) {
            known.nvd = nvdFacts(cve);
        }
        if (!isBulk && typeof cve.lastModified === "string" && cve.lastModified.substr(0, 10) > date) {
            date = cve.lastModified.substr(0, 10);
        }
    };
    var shape = { cut: 8192, skip: ["configurations", "vendorComments", "cveTags"] };
    if (isBulk) {
        ctx.parse.json(data, take, { path: "vulnerabilities", cut: shape.cut, skip: shape.skip, only: { field: "cve.id", values: ids.list } });
    }
    else {
        ctx.parse.json(data, take, shape);
    }
    return date || "unknown date";
}
function nvdFacts(cve) {
    var facts = { text: "", status: clipped(cve.vulnStatus, 40), cvss: metricOf(cve.metrics || {}), cwe: [], references: [] };
    var descriptions = cve.descriptions || [];
    for (var i = 0; i < descriptions.length; i++) {
        if (descriptions[i].lang === "en" && facts.text === "") {
            facts.text = clipped(descriptions[i].value, 4096);
        }
    }
    var weaknesses = [];
    for (var i = 0; i < (cve.weaknesses || []).length; i++) {
        for (var k = 0; k < (cve.weaknesses[i].description || []).length; k++) {
            weaknesses.push(String(cve.weaknesses[i].description[k].value));
        }
    }
    facts.cwe = cwesOf(weaknesses);
    for (var i = 0; i < (cve.references || []).length && facts.references.length < 10; i++) {
        var url = clipped(cve.references[i].url, 2048);
        if (/^https?:\/\//.test(url) && facts.references.indexOf(url) < 0) {
            facts.references.push(url);
        }
    }
    return facts;
}
function metricOf(metrics) {
    var names = ["cvssMetricV31", "cvssMetricV40", "cvssMetricV30", "cvssMetricV2"];
    for (var i = 0; i < names.length; i++) {
        var list = metrics[names[i]] || [];
        for (var pass = 0; pass < 2; pass++) {
            for (var k = 0; k < list.length; k++) {
                var cvss = (pass === 1 || list[k].type === "Primary") && list[k].cvssData ? cvssOf(list[k].cvssData.vectorString, list[k].cvssData.baseScore) : undefined;
                if (cvss) {
                    return cvss;
                }
            }
        }
    }
    return undefined;
}
function readKev(ctx, ids, uri) {
    var data = ctx.resource(uri);
    var start = data.head(65536);
    ctx.parse.json(data, function (entry) {
        var known = ids.find(entry.cveID);
        if (known !== null) {
            known.kev = { added: clipped(entry.dateAdded, 10), due: clipped(entry.dueDate, 10), ransomware: entry.knownRansomwareCampaignUse === "Known", action: clipped(entry.requiredAction, 1000) };
        }
    }, { path: "vulnerabilities", cut: 4096, only: { field: "cveID", values: ids.list } });
    return firstOf(/"dateReleased"\s*:\s*"([0-9-]{10})/, start) || firstOf(/"catalogVersion"\s*:\s*"([0-9.]{8,12})"/, start) || "unknown date";
}
function readEpss(ctx, ids, uri) {
    var data = ctx.resource(uri);
    ctx.parse.csv(data, function (row) {
        var known = ids.find(row[0]);
        var score = numberOf(row[1]);
        var percentile = numberOf(row[2]);
        if (known !== null && score !== null && percentile !== null && score >= 0 && score <= 1 && percentile >= 0 && percentile <= 1) {
            known.epss = { score: score, percentile: percentile };
        }
    }, { header: false, only: { field: "0", values: ids.list } });
    return firstOf(/score_date:\s*([0-9-]{10})/, data.head(4096)) || "unknown date";
}
function firstOf(pattern, text) {
    var m = pattern.exec(text);
    return m ? m[1] : "";
}
function patchFor(finding, ids, sets) {
    var cves = cvesOf(finding.cve || []);
    if (cves.length === 0) {
        return null;
    }
    var patch = { fingerprint: finding.fingerprint };
    var notes = [];
    var references = (finding.references || []).slice(0, 100);
    var cwe = [];
    for (var i = 0; i < cves.length; i++) {
        var known = ids.known[cves[i]];
        for (var s = 0; s < sets.length; s++) {
            var note = noteOf(cves[i], known, sets[s]);
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
function noteOf(cve, known, set) {
    var label = cve + " (" + set.name.toUpperCase() + " of " + set.date + "): ";
    if (set.name === "nvd") {
        return known.nvd ? label + (known.nvd.text || "no description") + (/^(Rejected|Disputed)/i.test(known.nvd.status) ? " Status: " + known.nvd.status + "." : "") : label + "not in the data set of " + set.date + ".";
    }
    if (set.name === "kev") {
        return known.kev ? label + "known to be exploited since " + known.kev.added + (known.kev.ransomware ? ", also by ransomware" : "") + ". " + known.kev.action : label + "not in the data set of " + set.date + ".";
    }
    return known.epss ? label + "probability of exploitation in 30 days " + known.epss.score + ", percentile " + known.epss.percentile + "." : label + "not in the data set of " + set.date + ".";
}
function addAll(list, more) {
    for (var i = 0; i < more.length && list.length < 100; i++) {
        if (list.indexOf(more[i]) < 0) {
            list.push(more[i]);
        }
    }
}
function dateOf(sets, name) {
    for (var i = 0; i < sets.length; i++) {
        if (sets[i].name === name) {
            return sets[i].date;
        }
    }
    return "";
}
function readSource(ctx, ids, source, named, sets) {
    try {
        if (source === "nvd") {
            var uris = ctx.config.nvd && ctx.config.nvd.length > 0 ? ctx.config.nvd : ["res://cve/nvd:latest"];
            var date = "";
            for (var i = 0; i < uris.length; i++) {
                var one = readNvd(ctx, ids, uris[i]);
                date = one > date ? one : date;
            }
            sets.push({ name: source, date: date });
        }
        else if (source === "kev") {
            sets.push({ name: source, date: readKev(ctx, ids, ctx.config.kev || "res://cve/kev:latest") });
        }
        else {
            sets.push({ name: source, date: readEpss(ctx, ids, ctx.config.epss || "res://cve/epss:latest") });
        }
        return true;
    }
    catch (e) {
        if (named || e.code !== "SF1701") {
            throw e;
        }
        ctx.log.info("The data set '" + source + "' is not imported; it is left out. " + messageOf(e));
        return false;
    }
}
module.exports = {
    execute: function (ctx) {
        var named = ctx.config.sources !== undefined && ctx.config.sources.length > 0;
        var sources = named ? ctx.config.sources : supported;
        var ids = new Ids();
        var sets = [];
        var seen = 0;
        var patched = 0;
        ctx.inputs.findings.each(function (finding) {
            seen++;
            ids.add(cvesOf(finding.cve || []));
        });
        for (var i = 0; i < sources.length && !ctx.cancelled(); i++) {
            if (supported.indexOf(sources[i]) < 0) {
                ctx.log.warn("The source '" + sources[i] + "' is not supported: no data set of it can be imported. Supported: " + supported.join(", ") + ". Nothing of it was added.");
            }
            else if (ids.list.length > 0) {
                ctx.progress(80 * i / sources.length, "Looking up " + ids.list.length + " CVEs in " + sources[i]);
                readSource(ctx, ids, sources[i], named, sets);
            }
        }
        if (sets.length > 0) {
            ctx.inputs.findings.each(function (finding) {
                var patch = patchFor(finding, ids, sets);
                if (patch !== null) {
                    patched++;
                    ctx.emit("findings", patch);
                }
            });
        }
        else if (ids.list.length > 0) {
            throw new Error("There are " + ids.list.length + " CVEs to look up and no data set to do it in. Import one: secflow resource import cve/kev FILE (also nvd, epss).");
        }
        ctx.log.info(patched + " of " + seen + " findings were given what " + (sets.length === 0 ? "no data set" : describeSets(sets)) + " say of their " + ids.list.length + " CVEs.");
        ctx.progress(100, "Done");
    }
};
function describeSets(sets) {
    var words = [];
    for (var i = 0; i < sets.length; i++) {
        words.push(sets[i].name.toUpperCase() + " of " + sets[i].date);
    }
    return words.join(", ");
}
