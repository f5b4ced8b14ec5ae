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
function plainHost(text) {
    return text.length <= 300 && /^(?:::)?[A-Za-z0-9\[][A-Za-z0-9.\-:_\/\[\]]*$/.test(text) ? text : null;
}
function silence(ctx, url) {
    try {
        ctx.http({ method: "GET", url: url, timeoutMs: 10000, maxBytes: 4096 });
        return null;
    }
    catch (e) {
        return { kind: String(e.code || "").substr(0, 4) === "SF51" ? "unreachable" : "failed", reason: url + " gave no answer. " + messageOf(e) };
    }
}
function endOf(result) {
    var all = result.stderr.size === 0 ? "" : result.stderr.text(4194304);
    var said = all.substr(Math.max(0, all.length - 2000)).replace(/[\u0000-\u001f\u007f]+/g, " ").replace(/\s+/g, " ");
    return { exitCode: result.exitCode, timedOut: result.timedOut, truncated: result.truncated, said: clipped(said, 2000) };
}
function gapOf(reading, ended) {
    if (ended && ended.timedOut) {
        return { kind: "partial", reason: "The tool was stopped when its time was over; " + reading.records + " records until then." };
    }
    if (reading.unread > 0) {
        return { kind: reading.records > 0 ? "partial" : "failed", reason: "The report is not whole: " + reading.records + " records were read, " + reading.unread + " parts could not be. First: " + reading.problem };
    }
    return ended && ended.truncated ? { kind: "partial", reason: "The output was larger than is kept; " + reading.records + " records were read." } : null;
}
function checkOf(tool, parts) {
    var text = JSON.stringify(parts);
    var a = 2166136261;
    var b = 5381;
    for (var i = 0; i < text.length; i++) {
        a = ((a ^ text.charCodeAt(i)) * 16777619) >>> 0;
        b = (b * 33 + text.charCodeAt(i)) >>> 0;
    }
    return tool + ":" + a.toString(16) + b.toString(16);
}
function rateOf(target, most) {
    var allowed = target.requestsPerSecond && target.requestsPerSecond > 0 ? target.requestsPerSecond : 10;
    return Math.max(1, Math.floor(Math.min(allowed, most || allowed)));
}
var reportName = "report.jsonl";
function commandFor(config, target, templates, isList) {
    var args = isList ? ["-l", "/in/urls.txt"] : ["-u", target.url || plainHost(target.value) || ""];
    for (var i = 0; i < templates.length; i++) {
        args.push("-t", templates[i]);
    }
    args.push("-jsonl", "-o", "/out/" + reportName, "-silent", "-no-color", "-duc", "-no-stdin", "-omit-raw", "-omit-template", "-no-interactsh", "-stats", "-stats-json", "-stats-interval", "5", "-rate-limit", String(rateOf(target, config.rate_limit)), "-timeout", String(config.requestTimeout || 10), "-retries", "1");
    if (config.severity && config.severity.length > 0) {
        args.push("-severity", config.severity.join(","));
    }
    if (config.tags && config.tags.length > 0) {
        args.push("-tags", config.tags.join(","));
    }
    var without = config.excludeTags || ["intrusive", "dos", "fuzz", "bruteforce"];
    if (without.length > 0) {
        args.push("-etags", without.join(","));
    }
    if (target.userAgent) {
        args.push("-H", "User-Agent: " + target.userAgent);
    }
    return args;
}
function templatesOf(config) {
    var given = (config.templates || "").split(",");
    var out = [];
    for (var i = 0; i < given.length; i++) {
        var one = given[i].replace(/^\s+|\s+$/g, "");
        if (one !== "") {
            out.push(one);
        }
    }
    return out.length === 0 ? ["res://templates/nuclei:latest"] : out;
}
function templateInputs(ctx) {
    var given = templatesOf(ctx.config);
    var inputs = {};
    var paths = [];
    for (var i = 0; i < given.length; i++) {
        if (given[i].substr(0, 6) === "res://") {
            var name = "templates-" + (i + 1) + ".yaml";
            inputs[name] = ctx.resource(given[i]);
            paths.push("/in/" + name);
        }
        else {
            paths.push("/usr/share/nuclei-templates/" + given[i].replace(/^\/+/, ""));
        }
    }
    return { paths: paths, inputs: inputs };
}
function urlsFor(ctx, target) {
    var list = { urls: [], left: 0 };
    var own = target.url ? parseUrl(target.url) : null;
    var input = ctx.inputs.urls;
    if (!input || input.count === 0 || own === null) {
        return list;
    }
    var seen = {};
    var most = ctx.config.mostUrls || 1000;
    var add = function (url) {
        var text = fullUrl(url);
        if (!seen.hasOwnProperty(text)) {
            seen[text] = true;
            if (list.urls.length < most) {
                list.urls.push(text);
            }
            else {
                list.left++;
            }
        }
    };
    add(own);
    input.each(function (record) {
        var url = record.outOfScope === true || typeof record.url !== "string" || /[\r\n]/.test(record.url) ? null : parseUrl(record.url);
        if (url !== null && url.host === own.host) {
            add(url);
        }
    });
    return list;
}
var severities = { info: "info", low: "low", medium: "medium", high: "high", critical: "critical" };
function findingOf(record, target) {
    if (valueOf(record, ["matcher-status", "matcher_status"]) === false) {
        return null;
    }
    var info = record.info !== null && typeof record.info === "object" ? record.info : {};
    var kinds = info.classification !== null && typeof info.classification === "object" ? info.classification : {};
    var template = clipped(valueOf(record, ["template-id", "templateID", "template_id", "template"]) || "unknown", 200);
    var matcher = clipped(valueOf(record, ["matcher-name", "matcher_name", "extractor-name", "extractor_name"]), 90);
    var matched = clipped(valueOf(record, ["matched-at", "matched", "url", "host", "ip"]) || target || "", 8192);
    var extracted = textsOf(valueOf(record, ["extracted-results", "extracted_results"]), /\r?\n/);
    var finding = {
        ruleId: template + (matcher === "" ? "" : ":" + matcher),
        title: clipped(info.name || record.name || template, 200),
        severity: severities[String(info.severity || record.severity || "").toLowerCase()] || "info",
        confidence: 80,
        location: stablePlace(matched) || template,
        description: clipped(describe(record, info, matcher, matched, extracted), 32768),
        evidence: evidenceOf(record, matched, extracted)
    };
    fill(finding, record, info, kinds, template);
    if (target !== null) {
        finding.target = target;
    }
    return finding;
}
function fill(finding, record, info, kinds, template) {
    var parameter = clipped(record.fuzzing_parameter, 500);
    var cwe = cwesOf(textsOf(valueOf(kinds, ["cwe-id", "cwe_id"]), /[,\s]+/));
    var cve = cvesOf(textsOf(valueOf(kinds, ["cve-id", "cve_id"]), /[,\s]+/).concat([template]));
    var references = textsOf(valueOf(info, ["reference", "references"]));
    var cvss = cvssOf(valueOf(kinds, ["cvss-metrics", "cvss_metrics"]), valueOf(kinds, ["cvss-score", "cvss_score"]));
    var remediation = clipped(info.remediation, 32768);
    if (parameter !== "") {
        finding.parameter = parameter;
    }
    if (cwe.length > 0) {
        finding.cwe = cwe;
    }
    if (cve.length > 0) {
        finding.cve = cve;
    }
    if (references.length > 0) {
        finding.references = references;
    }
    if (cvss) {
        finding.cvss = cvss;
    }
    if (remediation !== "") {
        finding.remediation = remediation;
    }
}
function describe(record, info, matcher, matched, extracted) {
    var parts = [];
    var add = function (text) {
        if (text !== "") {
            parts.push(text);
        }
    };
    add(clipped(info.description, 16384));
    add(clipped(info.impact, 4096));
    add((matched === "" ? "Seen" : "Matched at " + matched) + (matcher === "" ? "" : " by " + matcher) + (record.type ? " (" + clipped(record.type, 30) + ")" : "") + ".");
    add(extracted.length === 0 ? "" : "Extracted: " + clipped(extracted.join(", "), 2000));
    var tags = textsOf(info.tags, /,\s*/);
    add(tags.length === 0 ? "" : "Tags: " + clipped(tags.join(", "), 1000));
    return parts.join("\n\n");
}
function evidenceOf(record, matched, extracted) {
    var evidence = { match: clipped([matched].concat(extracted).join("\n"), 8192) };
    if (typeof record.request === "string" && record.request !== "") {
        evidence.request = clipped(record.request, 8192);
    }
    if (typeof record.response === "string" && record.response !== "") {
        evidence.response = clipped(record.response, 8192);
    }
    return evidence;
}
function parse(ctx, raw) {
    var findings = 0;
    var unmatched = 0;
    var strangers = 0;
    var reading = readJson(ctx, reportOf(raw, reportName), function (record) {
        if (valueOf(record, ["template-id", "templateID", "template_id", "template", "info"]) === undefined) {
            strangers++;
            return;
        }
        var finding = findingOf(record, raw.target);
        if (finding === null) {
            unmatched++;
        }
        else {
            findings++;
            ctx.finding(finding);
        }
    });
    var judged = judge(reading, findings, unmatched, strangers, raw.ended);
    ctx.verdict(judged.kind, judged.reason, { target: raw.target === null ? undefined : raw.target, checks: judged.kind === "completed" ? raw.checks || [] : [] });
}
function statisticsOf(text) {
    var at = text.lastIndexOf("{\"");
    var end = text.indexOf("}", at);
    if (at < 0 || end < 0) {
        return null;
    }
    try {
        var said = JSON.parse(text.substring(at, end + 1));
        var requests = numberOf(said.requests);
        return requests === null ? null : { requests: requests, errors: numberOf(said.errors) || 0, percent: numberOf(said.percent) || 0 };
    }
    catch (e) {
        return null;
    }
}
function judge(reading, findings, unmatched, strangers, ended) {
    if (ended && ended.exitCode === 2) {
        return { kind: "misused", reason: "nuclei did not take its arguments: " + ended.said };
    }
    if (ended && ended.exitCode !== 0 && !ended.timedOut) {
        var misused = /no templates provided|could not find template|flag provided but not defined/i.test(ended.said);
        return { kind: misused ? "misused" : findings > 0 ? "partial" : "failed", reason: "nuclei ended with " + ended.exitCode + ": " + ended.said };
    }
    var gap = gapOf(reading, ended);
    if (gap !== null) {
        return gap;
    }
    if (strangers > 0) {
        return { kind: findings > 0 ? "partial" : "failed", reason: strangers + " of " + reading.records + " records are no results of nuclei." };
    }
    var statistics = ended ? statisticsOf(ended.said) : null;
    if (ended && statistics !== null) {
        var said = findings + " results; " + statistics.requests + " requests, " + statistics.errors + " errors.";
        if (statistics.requests > 0 && statistics.errors >= statistics.requests) {
            return { kind: "unreachable", reason: "No request was answered: " + said };
        }
        return { kind: statistics.requests === 0 ? "misused" : statistics.errors > 0 || statistics.percent < 100 ? "partial" : "completed", reason: said };
    }
    if (ended) {
        return { kind: "partial", reason: findings + " results; nuclei said nothing of its requests, so it is not known whether all templates were run." };
    }
    return reading.records === 0
        ? { kind: "partial", reason: "The report is empty: it does not say whether the target was looked at." }
        : { kind: "completed", reason: findings + " results" + (unmatched === 0 ? "." : ", " + unmatched + " checks that did not match.") };
}
module.exports = {
    initialize: function (ctx) {
        ctx.tool("nuclei", ["-version", "-duc"], { timeout: 30 });
    },
    execute: function (ctx) {
        var templates = templateInputs(ctx);
        var _loop_1 = function (i) {
            var target = ctx.targets[i];
            var address = target.url || plainHost(target.value);
            if (!address || target.kind === "folder") {
                ctx.verdict("misused", "A target of kind " + target.kind + " is no address that nuclei takes; this plugin needs a url, a host or a network.", { target: target.id, checks: [] });
                return "continue";
            }
            var before = target.url ? silence(ctx, target.url) : null;
            if (before !== null) {
                ctx.verdict(before.kind, before.reason, { target: target.id, checks: [] });
                return "continue";
            }
            var list = urlsFor(ctx, target);
            var inputs = withList(templates.inputs, list.urls);
            var args = commandFor(ctx.config, target, templates.paths, list.urls.length > 0);
            var seen = 0;
            var result = ctx.tool("nuclei", args, {
                inputs: inputs, files: [reportName], timeout: ctx.config.timeout || 240,
                onLine: function () {
                    seen++;
                    ctx.progress(100 * i / ctx.targets.length, seen + " results of " + target.name);
                }
            });
            var after = result.exitCode === 0 && target.url ? silence(ctx, target.url) : null;
            if (after !== null || list.left > 0) {
                ctx.verdict("partial", after !== null ? "The target stopped answering during the scan. " + after.reason : list.left + " more urls were found than are scanned (mostUrls).", { target: target.id, checks: [] });
            }
            parse(ctx, { stdout: result.stdout, stderr: result.stderr, files: result.files, target: target.id, ended: endOf(result), checks: after === null ? [checkOf("nuclei", [args, list.urls.length])] : [] });
        };
        for (var i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
            _loop_1(i);
        }
        ctx.progress(100, "Done");
    },
    parse: parse
};
function withList(templates, urls) {
    var inputs = {};
    for (var name in templates) {
        if (templates.hasOwnProperty(name)) {
            inputs[name] = templates[name];
        }
    }
    if (urls.length > 0) {
        inputs["urls.txt"] = urls.join("\n") + "\n";
    }
    return inputs;
}
