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
var reportName = "report.xml";
function portsOf(config, target) {
    if (config.ports) {
        return config.ports;
    }
    var ports = target.ports ? target.ports.slice(0) : [];
    var m = target.url && target.kind === "url" ? /^(https?):\/\/(?:\[[^\]]*\]|[^:\/?#]+)(?::([0-9]+))?/i.exec(target.url) : null;
    if (m) {
        var own = m[2] ? Number(m[2]) : m[1].toLowerCase() === "https" ? 443 : 80;
        if (ports.indexOf(own) < 0) {
            ports.push(own);
        }
    }
    return ports.length > 0 ? ports.join(",") : "21-23,25,53,80,110,111,135,139,143,443,445,465,587,631,993,995,1433,1521,2049,2375,3000,3306,3389,5000,5432,5900,5985,6379,8000-8010,8080-8090,8443,8888,9000,9090,9200,11211,27017";
}
function hostOf(target) {
    if (target.kind === "url") {
        var m = /^https?:\/\/(\[[^\]]*\]|[^:\/?#@]+)(?::[0-9]+)?(?:[\/?#]|$)/i.exec(target.url || target.value);
        return m ? plainHost(m[1].replace(/^\[|\]$/g, "")) : null;
    }
    return target.kind === "host" || target.kind === "cidr" ? plainHost(target.value.replace(/^\[|\]$/g, "")) : null;
}
function commandFor(config, target, host) {
    var args = ["-sT", "-Pn", "-n", "-T" + (config.timing === undefined ? 4 : config.timing), "--max-retries", "1", "--max-rate", String(rateOf(target)), "--host-timeout", (config.timeout || 240) + "s"];
    if (config.serviceVersions !== false) {
        args.push("-sV");
    }
    if (host.indexOf(":") >= 0) {
        args.push("-6");
    }
    args.push("-p", portsOf(config, target), "--stats-every", "2s", "-oX", "/out/" + reportName, "--", host);
    return args;
}
function parse(ctx, raw) {
    var scan = { records: 0, unread: 0, problem: "", hosts: 0, open: 0, answered: 0, silentHosts: 0, services: "", told: {}, restFiltered: false, finished: "", error: "", total: -1 };
    var host = { up: false, ip: "", name: "", userName: "", answered: 0 };
    var report = reportOf(raw, reportName);
    try {
        ctx.parse.xml(report, function (element) {
            var a = element.attributes;
            if (element.name === "status") {
                leave(ctx, scan, host);
                host = { up: a.state === "up", ip: "", name: "", userName: "", answered: 0 };
            }
            else if (element.name === "address" && a.addrtype !== "mac" && host.ip === "") {
                host.ip = clipped(a.addr, 45);
            }
            else if (element.name === "hostname") {
                host.name = host.name || clipped(a.name, 253);
                host.userName = host.userName || (a.type === "user" ? clipped(a.name, 253) : "");
            }
            else if (element.name === "extraports") {
                host.answered += a.state === "closed" ? numberOf(a.count) || 0 : 0;
                scan.restFiltered = scan.restFiltered || a.state !== "closed";
            }
            else if (element.name === "port") {
                scan.records++;
                takePort(ctx, scan, host, element, raw.target);
            }
            else if (element.name === "scaninfo") {
                scan.services = clipped(a.services, 4000);
            }
            else if (element.name === "finished") {
                scan.finished = clipped(a.exit, 20) || "success";
                scan.error = clipped(a.errormsg, 500);
            }
            else if (element.name === "hosts") {
                scan.total = numberOf(a.total) === null ? -1 : Number(a.total);
            }
        }, { elements: ["status", "address", "hostname", "extraports", "port", "scaninfo", "finished", "hosts"] });
    }
    catch (e) {
        scan.unread++;
        scan.problem = messageOf(e);
    }
    leave(ctx, scan, host);
    var judged = judge(scan, raw);
    ctx.verdict(judged.kind, judged.reason, { target: raw.target === null ? undefined : raw.target, checks: judged.kind === "completed" ? (raw.checks || []).concat(portRules(scan)) : [] });
}
function leave(ctx, scan, host) {
    if (!host.up || host.ip === "") {
        return;
    }
    scan.hosts++;
    scan.answered += host.answered;
    scan.silentHosts += host.answered === 0 ? 1 : 0;
    ctx.emit("hosts", { host: host.userName || host.name || host.ip, ip: host.ip, source: "nmap" });
}
function child(element, name) {
    for (var i = 0; i < element.children.length; i++) {
        if (element.children[i].name === name) {
            return element.children[i];
        }
    }
    return null;
}
function takePort(ctx, scan, host, element, target) {
    var state = child(element, "state");
    var is = state === null ? "" : String(state.attributes.state);
    host.answered += is === "open" || is === "closed" || is === "unfiltered" ? 1 : 0;
    var port = numberOf(element.attributes.portid);
    if (port !== null && element.attributes.protocol === "tcp") {
        var rule = ruleOfPort(port, "tcp");
        scan.told[rule] = (is === "open" || is === "closed") && scan.told[rule] !== false;
    }
    if (is !== "open" || port === null || port < 1 || port > 65535 || host.ip === "") {
        return;
    }
    scan.open++;
    var protocol = clipped(element.attributes.protocol, 10) || "tcp";
    var service = child(element, "service");
    var facts = service === null ? {} : service.attributes;
    var name = host.userName || host.ip;
    var place = (name.indexOf(":") >= 0 ? "[" + name + "]" : name.toLowerCase()) + ":" + port;
    var said = clipped([facts.product, facts.version, facts.extrainfo].join(" ").replace(/\s+/g, " "), 300);
    var finding = {
        ruleId: ruleOfPort(port, protocol),
        title: "Open port: " + port + "/" + protocol,
        severity: "info",
        confidence: facts.method === "probed" || service === null ? 95 : 90,
        location: place,
        description: "Port " + port + "/" + protocol + " of " + host.ip + " is open" + (facts.name ? ": " + clipped(facts.name, 100) + (facts.tunnel ? " over " + clipped(facts.tunnel, 20) : "") : "") + (said === "" ? "." : ", " + said + ".")
            + (facts.method === "table" ? " The name of the service is the usual one for this port; nobody asked it." : ""),
        evidence: { match: place + (said === "" ? "" : " " + said) }
    };
    say(ctx, finding, target);
    if (protocol === "tcp" || protocol === "udp" || protocol === "sctp") {
        ctx.emit("services", serviceRecord(host, port, protocol, facts, service));
    }
    for (var i = 0; i < element.children.length; i++) {
        if (element.children[i].name === "script") {
            takeScript(ctx, element.children[i], place, port, protocol, target);
        }
    }
}
function ruleOfPort(port, protocol) {
    return "open-port-" + port + "/" + protocol;
}
function portRules(scan) {
    var rules = [];
    var ranges = scan.restFiltered ? [] : scan.services.split(",");
    for (var i = 0; i < ranges.length && rules.length <= 4000; i++) {
        var ends = ranges[i].split("-");
        for (var port = Number(ends[0]); port >= 1 && port <= Number(ends[ends.length - 1]) && rules.length <= 4000; port++) {
            var rule = ruleOfPort(port, "tcp");
            if (!scan.told.hasOwnProperty(rule)) {
                rules.push(rule);
            }
        }
    }
    var known = rules.length > 4000 ? [] : rules;
    for (var rule in scan.told) {
        if (scan.told.hasOwnProperty(rule) && scan.told[rule] && known.length < 4900) {
            known.push(rule);
        }
    }
    return known;
}
function serviceRecord(host, port, protocol, facts, service) {
    var record = { host: host.userName || host.name || host.ip, ip: host.ip, port: port, protocol: protocol };
    var cpe = service === null ? null : child(service, "cpe");
    var product = clipped(facts.product || facts.name, 200);
    if (product !== "") {
        record.product = product;
    }
    if (facts.version) {
        record.version = clipped(facts.version, 200);
    }
    if (cpe !== null && cpe.text) {
        record.cpe = clipped(cpe.text, 500);
    }
    return record;
}
function elems(table) {
    var out = {};
    for (var i = 0; i < table.children.length; i++) {
        if (table.children[i].name === "elem" && table.children[i].attributes.key) {
            out[table.children[i].attributes.key] = table.children[i].text;
        }
    }
    return out;
}
function takeScript(ctx, script, place, port, protocol, target) {
    var id = clipped(script.attributes.id, 100);
    for (var i = 0; i < script.children.length; i++) {
        var table = script.children[i];
        if (table.name !== "table") {
            continue;
        }
        if (id === "vulners") {
            for (var r = 0; r < table.children.length; r++) {
                takeVulner(ctx, elems(table.children[r]), clipped(table.attributes.key, 300), place, port, protocol, target);
            }
        }
        else if (/^(LIKELY )?VULNERABLE/.test(elems(table).state || "")) {
            takeVulnerable(ctx, id, table, place, target);
        }
    }
}
function takeVulner(ctx, row, product, place, port, protocol, target) {
    var id = clipped(row.id, 180);
    if (id === "") {
        return;
    }
    var score = numberOf(row.cvss) || 0;
    var cve = cvesOf([id]);
    var finding = {
        ruleId: "vulners:" + id,
        title: id,
        severity: severityOfScore(score),
        confidence: 40,
        location: place,
        description: "Known for the version that port " + port + "/" + protocol + " tells: " + product + ". CVSS " + score + (row.is_exploit === "true" ? ", an exploit of kind " + clipped(row.type, 40) : "") + ". Versions are often corrected without a new number: look before you act.",
        references: ["https://vulners.com/" + (cve.length > 0 ? "cve" : encodeURIComponent(clipped(row.type, 40) || "search")) + "/" + encodeURIComponent(id)]
    };
    if (cve.length > 0) {
        finding.cve = cve;
    }
    say(ctx, finding, target);
}
function takeVulnerable(ctx, script, table, place, target) {
    var row = elems(table);
    var ids = [];
    for (var i = 0; i < table.children.length; i++) {
        if (table.children[i].name === "table" && table.children[i].attributes.key === "ids") {
            for (var k = 0; k < table.children[i].children.length; k++) {
                ids.push(String(table.children[i].children[k].text).replace(/^CVE:/, ""));
            }
        }
    }
    ids = cvesOf(ids.concat([String(table.attributes.key || "")]));
    var finding = {
        ruleId: script + (ids.length > 0 ? ":" + ids[0] : ""),
        title: clipped(row.title || script, 200),
        severity: "high",
        confidence: /^LIKELY/.test(row.state) ? 50 : 80,
        location: place,
        description: "The script " + script + " says " + clipped(row.state, 100) + "."
    };
    if (ids.length > 0) {
        finding.cve = ids;
    }
    say(ctx, finding, target);
}
function say(ctx, finding, target) {
    if (target !== null) {
        finding.target = target;
    }
    ctx.finding(finding);
}
function judge(scan, raw) {
    var ended = raw.ended;
    if (ended && ended.exitCode !== 0 && !ended.timedOut && scan.hosts === 0) {
        return { kind: ended.exitCode === 255 ? "misused" : "failed", reason: "nmap ended with " + ended.exitCode + ": " + ended.said };
    }
    if (ended && ended.timedOut) {
        return { kind: "partial", reason: "nmap was stopped when its time was over; " + scan.open + " open ports until then." };
    }
    if (scan.finished === "") {
        return { kind: scan.hosts > 0 ? "partial" : "failed", reason: "The report has no end: nmap was stopped or its output was cut" + (scan.problem === "" ? "." : " (" + scan.problem + ").") };
    }
    if (scan.unread > 0 || scan.finished !== "success") {
        return { kind: scan.hosts > 0 ? "partial" : "failed", reason: scan.finished === "success" ? "The report is not whole: " + scan.problem : "nmap did not end well: " + (scan.error || scan.finished) };
    }
    if (scan.hosts === 0) {
        return { kind: "unreachable", reason: scan.total === 0 ? "nmap looked at no host: the name did not resolve." : "No host is up." };
    }
    if (scan.answered === 0) {
        return { kind: "unreachable", reason: "No port answered, neither open nor closed: nobody is there, or everything is filtered." };
    }
    var silent = scan.silentHosts > 0 ? " " + scan.silentHosts + " addresses did not answer at all." : "";
    return { kind: "completed", reason: scan.open + " open ports on " + scan.hosts + " hosts, " + scan.answered + " ports answered." + silent };
}
module.exports = {
    execute: function (ctx) {
        var _loop_1 = function (i) {
            var target = ctx.targets[i];
            var host = hostOf(target);
            if (host === null) {
                ctx.verdict("misused", "The target " + target.value + " is no host, network or url that nmap takes.", { target: target.id, checks: [] });
                return "continue";
            }
            var args = commandFor(ctx.config, target, host);
            var result = ctx.tool("nmap", args, {
                files: [reportName], timeout: (ctx.config.timeout || 240) + 30,
                onLine: function (line) {
                    var m = /([A-Za-z][A-Za-z -]*) Timing: About ([0-9.]+)% done/.exec(line);
                    if (m) {
                        ctx.progress(100 * (i + Number(m[2]) / 100) / ctx.targets.length, m[1] + ": " + target.name);
                    }
                }
            });
            parse(ctx, { stdout: result.stdout, stderr: result.stderr, files: result.files, target: target.id, ended: endOf(result), checks: [checkOf("nmap", [args])] });
        };
        for (var i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
            _loop_1(i);
        }
        ctx.progress(100, "Done");
    },
    parse: parse
};
