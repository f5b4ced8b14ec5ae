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
var pathRules = [
    { id: "exposed-repository", pattern: /\/\.(git|svn|hg|bzr)(\/|$)/i, title: "Files of a version control system", why: "History and sources can be downloaded." },
    { id: "exposed-settings", pattern: /\/(\.env(\.[a-z0-9_-]+)?|\.npmrc|\.htpasswd|\.aws\/credentials|wp-config\.php[~.][^\/]*|web\.config\.bak)$/i, title: "A file with settings or credentials", why: "Such files hold passwords and keys." },
    { id: "exposed-key", pattern: /\/(id_rsa|id_ed25519|[^\/]+\.(pem|key|pfx|p12))$/i, title: "A file that is named like a private key", why: "Whoever has the key can pass for the server or its users." },
    { id: "exposed-backup", pattern: /(\/(backups?|dump)(\/|$))|(\.(bak|old|orig|save|swp|sql|sqlite|dump|tar|tgz|zip|7z|rar)(\.gz)?$)|(\.tar\.(gz|bz2|xz)$)|~$/i, title: "A backup or a dump", why: "Backups hold sources, settings and data that the site itself does not show." }
];
function pathFinding(found) {
    var place = stablePlace(found.url);
    var url = parseUrl(found.url);
    var path = url === null ? place : url.path;
    var rule = found.status >= 200 && found.status < 300 && !found.wildcard ? ruleOf(path) : null;
    var facts = [];
    facts.push("Answered " + (found.method || "GET") + " with " + found.status + ".");
    if (found.length !== null) {
        facts.push(found.length + " bytes" + (found.words === null ? "" : ", " + found.words + " words") + (found.lines === null ? "" : ", " + found.lines + " lines") + ".");
    }
    if (found.contentType !== "") {
        facts.push("Type " + clipped(found.contentType, 200) + ".");
    }
    if (found.redirect !== "") {
        facts.push("Leads to " + clipped(found.redirect, 1000) + ".");
    }
    if (found.wildcard) {
        facts.push("The site answers like this whatever is asked: that something is there is not certain.");
    }
    var finding = {
        ruleId: found.wildcard ? "wildcard" : rule === null ? "found" : rule.id,
        title: clipped("HTTP " + found.status + ": " + (rule === null ? "" : rule.title + ": ") + path, 200),
        severity: rule === null ? "info" : "medium",
        confidence: found.wildcard ? 20 : rule === null ? 90 : 70,
        location: place || "unknown",
        method: clipped(found.method || "GET", 16).toUpperCase(),
        description: (rule === null ? "" : rule.why + " ") + facts.join(" "),
        evidence: { match: clipped(found.url, 4096) }
    };
    if (found.parameter !== "") {
        finding.parameter = clipped(found.parameter, 500);
    }
    if (rule !== null) {
        finding.cwe = [538];
        finding.remediation = "Remove the file from what the server publishes, and change every secret that was in it.";
    }
    return finding;
}
function ruleOf(path) {
    for (var i = 0; i < pathRules.length; i++) {
        if (pathRules[i].pattern.test(path)) {
            return pathRules[i];
        }
    }
    return null;
}
function urlRecord(found, source) {
    if (found.wildcard || found.parameter !== "" || !/^https?:\/\/[^\s]+$/.test(found.url) || found.url.length > 8192 || found.status < 100 || found.status > 999) {
        return null;
    }
    return { url: found.url, method: clipped(found.method || "GET", 16), status: found.status, source: source };
}
function sayPath(ctx, found, source, target) {
    var finding = pathFinding(found);
    if (target !== null) {
        finding.target = target;
    }
    ctx.finding(finding);
    var record = urlRecord(found, source);
    if (record !== null) {
        ctx.emit("urls", record);
    }
}
function overWordlist(ctx, tool, report, unit, command, read) {
    var words = ctx.resource(ctx.config.wordlist || "res://wordlist/common:latest");
    var _loop_1 = function (i) {
        var target = ctx.targets[i];
        if (!target.url || parseUrl(target.url) === null) {
            ctx.verdict("misused", "A target of kind " + target.kind + " has no http address; this plugin needs a url or a host.", { target: target.id, checks: [] });
            return "continue";
        }
        var before = silence(ctx, target.url);
        if (before !== null) {
            ctx.verdict(before.kind, before.reason, { target: target.id, checks: [] });
            return "continue";
        }
        var args = command(target);
        var seen = 0;
        var result = ctx.tool(tool, args, {
            inputs: { "words.txt": words }, files: [report], timeout: (ctx.config.timeout || 240) + 30,
            onLine: function () {
                seen++;
                ctx.progress(100 * i / ctx.targets.length, seen + " " + unit + " of " + target.name);
            }
        });
        read(result, target, [checkOf(tool, [args, words.size])]);
    };
    for (var i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
        _loop_1(i);
    }
    ctx.progress(100, "Done");
}
var reportName = "report.json";
function commandFor(config, target) {
    var rate = rateOf(target);
    var threads = Math.max(1, Math.min(config.threads || 10, Math.ceil(rate / 5)));
    var url = (target.url || "").replace(/[?#].*$/, "");
    var args = [
        "-u", url + (url.charAt(url.length - 1) === "/" ? "" : "/") + "FUZZ", "-w", "/in/words.txt", "-ic", "-mc", config.matchCodes || "all", "-fc", config.filterCodes || "404",
        "-of", "json", "-o", "/out/" + reportName, "-t", String(threads), "-p", (threads / rate).toFixed(3), "-timeout", String(config.requestTimeout || 10), "-maxtime", String(config.timeout || 240)
    ];
    if (config.calibrate !== false) {
        args.push("-ac");
    }
    if (config.extensions && config.extensions.length > 0) {
        args.push("-e", "." + config.extensions.join(",.").replace(/\.\./g, "."));
    }
    if (target.userAgent) {
        args.push("-H", "User-Agent: " + target.userAgent);
    }
    return args;
}
function parse(ctx, raw) {
    var report = reportOf(raw, reportName);
    var reading = { records: 0, unread: 0, problem: "" };
    var request = { url: "", method: "", ended: false };
    var isReport = /^[\ufeff\s]*\{\s*"(commandline|results|time|config)"/.test(report.size === 0 ? "" : report.head(4096));
    var take = function (result) {
        reading.records++;
        sayPath(ctx, foundOf(result, request), "ffuf", raw.target);
    };
    if (!isReport && report.size > 0) {
        var lines = readJson(ctx, report, function (result) {
            if (result.url !== undefined && result.status !== undefined) {
                take(result);
            }
            else {
                reading.unread++;
                reading.problem = "A line is no result of ffuf.";
            }
        });
        reading.unread += lines.unread;
        reading.problem = reading.problem || lines.problem;
    }
    else if (report.size > 0) {
        try {
            ctx.parse.json(report, function (config) {
                request.url = clipped(config.url, 8192);
                request.method = clipped(config.method, 16);
                request.ended = true;
            }, { path: "config", cut: 16384 });
        }
        catch (e) {
            reading.unread++;
            reading.problem = messageOf(e);
        }
        try {
            ctx.parse.json(report, take, { path: "results", cut: 16384 });
        }
        catch (e) {
            reading.unread = 1;
            reading.problem = messageOf(e);
        }
    }
    var judged = judge(reading, request.ended || !isReport, raw);
    ctx.verdict(judged.kind, judged.reason, { target: raw.target === null ? undefined : raw.target, checks: judged.kind === "completed" ? raw.checks || [] : [] });
}
function foundOf(result, request) {
    var input = result.input !== null && typeof result.input === "object" ? result.input : {};
    var put = [];
    for (var keyword in input) {
        if (input.hasOwnProperty(keyword) && keyword !== "FFUFHASH" && request.url !== "" && request.url.indexOf(keyword) < 0) {
            put.push(keyword + "=" + clipped(input[keyword], 200));
        }
    }
    return {
        url: clipped(valueOf(result, ["url", "host"]), 8192), method: request.method, status: numberOf(result.status) || 0, length: numberOf(result.length), words: numberOf(result.words),
        lines: numberOf(result.lines), contentType: clipped(result["content-type"], 200), redirect: clipped(result.redirectlocation, 1000), parameter: put.sort().join("&"), wildcard: false
    };
}
function progressOf(text) {
    var at = text.lastIndexOf(":: Progress: [");
    var m = at < 0 ? null : /Progress: \[([0-9]+)\/([0-9]+)\][\s\S]*?Errors: ([0-9]+)/.exec(text.substr(at, 400));
    return m ? { done: Number(m[1]), all: Number(m[2]), errors: Number(m[3]) } : null;
}
function judge(reading, whole, raw) {
    var ended = raw.ended;
    if (ended && ended.exitCode === 2) {
        return { kind: "misused", reason: "ffuf did not take its arguments: " + ended.said };
    }
    if (ended && ended.exitCode !== 0 && !ended.timedOut) {
        return { kind: /refused|no such host|unreachable|timeout|timed out|deadline/i.test(ended.said) ? "unreachable" : "failed", reason: "ffuf ended with " + ended.exitCode + ": " + ended.said };
    }
    var gap = gapOf(reading, ended);
    if (gap !== null) {
        return gap;
    }
    var count = ended ? progressOf(ended.said) : null;
    if (count !== null && count.errors > 0) {
        return count.errors >= count.done ? { kind: "unreachable", reason: "All " + count.done + " requests failed." } : { kind: "partial", reason: count.errors + " of " + count.done + " requests failed." };
    }
    if (count !== null && count.done < count.all) {
        return { kind: "partial", reason: "ffuf stopped after " + count.done + " of " + count.all + " words (its time was over)." };
    }
    if (!whole) {
        return { kind: ended ? "failed" : "partial", reason: "The report has no configuration at its end: it is cut, or not one of ffuf." };
    }
    if (reading.records === 0 && !ended) {
        return { kind: "partial", reason: "0 results. ffuf writes the same for a target that never answered: the report does not say whether it was looked at." };
    }
    return { kind: "completed", reason: reading.records + " results" + (count === null ? "." : " of " + count.all + " words, no request failed.") };
}
module.exports = {
    execute: function (ctx) {
        overWordlist(ctx, "ffuf", reportName, "results", function (target) {
            return commandFor(ctx.config, target);
        }, function (result, target, checks) {
            var ended = endOf(result);
            var after = result.exitCode === 0 ? silence(ctx, target.url || "") : null;
            if (after !== null) {
                ctx.verdict("partial", "The target stopped answering during the scan. " + after.reason, { target: target.id, checks: [] });
            }
            parse(ctx, { stdout: result.stdout, stderr: result.stderr, files: result.files, target: target.id, ended: ended, checks: after === null ? checks : [] });
        });
    },
    parse: parse
};
