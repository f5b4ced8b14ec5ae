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
var nextOfMeaning = /<(?:!--|(\/form|area|a|base|link|script|img|iframe|frame|form|input|meta|source|embed|object|video|audio|style|textarea|title)(?=[\s\/>]))/gi;
var longestTag = 4096;
var mostTags = 4000;
var mostComments = 300;
function parseHtml(text) {
    var html = { tags: [], comments: [], title: "" };
    var lower = text.toLowerCase();
    nextOfMeaning.lastIndex = 0;
    for (var steps = 0; steps < mostTags; steps++) {
        var m = nextOfMeaning.exec(text);
        if (!m) {
            break;
        }
        if (!m[1]) {
            nextOfMeaning.lastIndex = readComment(html, text, m.index);
            continue;
        }
        var name = m[1].toLowerCase();
        var window = text.substr(m.index, longestTag);
        var end = endOfTag(window, m[0].length);
        if (end < 0) {
            continue;
        }
        if (!/^(style|textarea|title)$/.test(name)) {
            html.tags.push({ name: name, attributes: parseAttributes(window.substring(m[0].length, end)) });
        }
        nextOfMeaning.lastIndex = skipContent(html, name, text, lower, m.index + end + 1);
    }
    return html;
}
function readComment(html, text, at) {
    var close = text.indexOf("-->", at + 4);
    var stop = close < 0 ? text.length : close;
    if (html.comments.length < mostComments) {
        html.comments.push(text.substring(at + 4, Math.min(stop, at + 4 + longestTag)));
    }
    return Math.min(text.length, stop + 3);
}
function skipContent(html, name, text, lower, at) {
    if (name !== "script" && name !== "style" && name !== "textarea" && name !== "title") {
        return at;
    }
    var close = lower.indexOf("</" + name, at);
    var stop = close < 0 ? text.length : close;
    if (name === "title" && html.title === "") {
        html.title = text.substring(at, Math.min(stop, at + 200)).replace(/\s+/g, " ");
    }
    return stop;
}
function endOfTag(window, from) {
    var at = from;
    for (;;) {
        var end = window.indexOf(">", at);
        if (end < 0) {
            return -1;
        }
        var double = window.indexOf("\"", at);
        var single = window.indexOf("'", at);
        var quote = double < 0 ? single : single < 0 ? double : Math.min(double, single);
        if (quote < 0 || quote > end) {
            return end;
        }
        var close = window.indexOf(window.charAt(quote), quote + 1);
        if (close < 0) {
            return end;
        }
        at = close + 1;
    }
}
function parseAttributes(text) {
    var found = {};
    var pattern = /([^\s=>"'\/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
    for (var m = pattern.exec(text); m; m = pattern.exec(text)) {
        var name = m[1].toLowerCase();
        if (!found.hasOwnProperty(name)) {
            found[name] = decodeEntities(m[2] || m[3] || m[4] || "");
        }
    }
    return found;
}
function decodeEntities(text) {
    return text.indexOf("&") < 0 ? text
        : text.replace(/&quot;/g, "\"").replace(/&#0*39;/g, "'").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}
function attribute(tag, name) {
    return tag.attributes.hasOwnProperty(name) ? tag.attributes[name] : undefined;
}
var Stop = (function () {
    function Stop(message) {
        this.message = message;
    }
    return Stop;
}());
var Answer = (function () {
    function Answer(method, url, sent, raw, maxBytes) {
        this.method = method;
        this.url = url;
        this.sent = sent;
        this.raw = raw;
        this.maxBytes = maxBytes;
        this.body = null;
    }
    Object.defineProperty(Answer.prototype, "status", {
        get: function () {
            return this.raw.status;
        },
        enumerable: false,
        configurable: true
    });
    Answer.prototype.all = function (name) {
        return this.raw.headers.hasOwnProperty(name) ? this.raw.headers[name] : [];
    };
    Answer.prototype.header = function (name) {
        return this.all(name).join(", ");
    };
    Answer.prototype.text = function () {
        if (this.body === null) {
            this.body = this.raw.body.size === 0 ? "" : this.raw.body.text(this.maxBytes);
        }
        return this.body;
    };
    Answer.prototype.isHtml = function () {
        return /^\s*(text\/html|application\/xhtml\+xml)/i.test(this.header("content-type"));
    };
    Answer.prototype.isRedirect = function () {
        return this.status >= 300 && this.status < 400 && this.header("location") !== "";
    };
    Object.defineProperty(Answer.prototype, "location", {
        get: function () {
            return locationOf(this.url);
        },
        enumerable: false,
        configurable: true
    });
    return Answer;
}());
var mostFailuresInARow = 5;
var Requests = (function () {
    function Requests(ctx, limits) {
        this.ctx = ctx;
        this.limits = limits;
        this.sent = 0;
        this.answered = 0;
        this.failures = 0;
        this.lastError = "";
        this.inARow = 0;
    }
    Requests.prototype.send = function (url, method, form) {
        if (this.ctx.cancelled()) {
            throw new Stop("The run was cancelled.");
        }
        if (this.sent >= this.limits.maxRequests) {
            throw new Stop("The budget of " + this.limits.maxRequests + " requests (maxRequests) was used up.");
        }
        this.sent++;
        var verb = method || "GET";
        var request = { method: verb, url: fullUrl(url), headers: {}, followRedirects: false, timeoutMs: this.limits.timeoutMs, maxBytes: this.limits.maxBytes };
        if (form !== undefined) {
            request.body = form;
            request.headers = { "Content-Type": "application/x-www-form-urlencoded" };
        }
        try {
            var raw = this.ctx.http(request);
            this.inARow = 0;
            this.answered++;
            return new Answer(verb, url, form || "", raw, this.limits.maxBytes);
        }
        catch (e) {
            this.failed(verb + " " + fullUrl(url), e);
            return null;
        }
    };
    Requests.prototype.failed = function (what, error) {
        var code = String(error.code || "");
        this.lastError = (code ? code + ": " : "") + error.message;
        if (code.substr(0, 3) === "SF3") {
            this.ctx.log.debug(what + " was refused: " + this.lastError);
        }
        else if (code.substr(0, 4) === "SF51") {
            this.failures++;
            this.inARow++;
            this.ctx.log.warn(what + " failed: " + this.lastError);
            if (this.inARow >= mostFailuresInARow) {
                throw new Stop("The target stopped answering: " + this.inARow + " requests failed in a row. Last: " + this.lastError);
            }
        }
        else {
            throw error;
        }
    };
    return Requests;
}());
function assessTarget(ctx, target, index, limits, cut, work) {
    var url = target.url ? parseUrl(target.url) : null;
    if (url === null) {
        ctx.verdict("misused", "A target of kind " + target.kind + " has no http address; this plugin needs a url or a host.", { target: target.id, checks: [] });
        return;
    }
    var requests = new Requests(ctx, limits);
    var share = function (part, text) {
        ctx.progress(Math.min(100, (index + part / 100) * 100 / ctx.targets.length), text + ": " + url.host);
    };
    try {
        share(0, "Start page");
        var start = requests.send(url);
        if (start === null) {
            ctx.verdict("unreachable", "The start page " + fullUrl(url) + " gave no answer. " + requests.lastError, { target: target.id, checks: [] });
            return;
        }
        var done = work(requests, start, share);
        if (requests.failures > 0) {
            ctx.verdict("partial", requests.failures + " of " + requests.sent + " requests failed. Last: " + requests.lastError, { target: target.id, checks: cut });
        }
        else if (done.gap) {
            ctx.verdict("partial", done.gap, { target: target.id, checks: cut });
        }
        else {
            ctx.verdict("completed", done.summary, { target: target.id, checks: done.checks });
        }
    }
    catch (e) {
        if (!(e instanceof Stop)) {
            throw e;
        }
        ctx.verdict("partial", e.message, { target: target.id, checks: cut });
    }
}
var leave = /log-?out|sign-?out|log-?off|delete|remove|destroy|unsubscribe|cancel|purchase|checkout/i;
var assets = " css js mjs map png jpg jpeg gif svg ico webp avif woff woff2 ttf eot mp3 mp4 webm pdf doc docx xls xlsx ppt iso exe dmg apk wasm zip gz tar ";
var mostPlaces = 5000;
var mostVariants = 3;
var mostSitemaps = 5;
var Spider = (function () {
    function Spider(requests, origin, scope, limits, found) {
        this.requests = requests;
        this.origin = origin;
        this.scope = scope;
        this.limits = limits;
        this.found = found;
        this.places = [];
        this.pages = 0;
        this.capped = false;
        this.queue = [];
        this.known = {};
        this.variants = {};
    }
    Spider.prototype.run = function (start, progress) {
        var first = this.note(start.url, "GET", "");
        if (first !== null) {
            this.visited(first, start, 0);
        }
        this.readRobots(start.url);
        for (var i = 0; i < this.queue.length; i++) {
            if (this.pages >= this.limits.maxPages) {
                this.capped = true;
                break;
            }
            var next = this.queue[i];
            var answer = this.requests.send(next.place.url);
            if (answer !== null) {
                this.visited(next.place, answer, next.depth);
            }
            progress(this.pages, this.queue.length - i - 1);
        }
        for (var i = 0; i < this.places.length; i++) {
            this.found(this.places[i]);
        }
    };
    Spider.prototype.visited = function (place, answer, depth) {
        this.pages++;
        place.status = answer.status;
        if (answer.isRedirect()) {
            this.follow(resolveUrl(answer.url, answer.header("location")), depth + 1);
        }
        else if (answer.isHtml()) {
            this.readPage(answer, depth);
        }
    };
    Spider.prototype.readPage = function (answer, depth) {
        var tags = parseHtml(answer.text()).tags;
        var base = answer.url;
        var form = null;
        for (var i = 0; i < tags.length; i++) {
            var tag = tags[i];
            if (tag.name === "base") {
                base = resolveUrl(base, attribute(tag, "href") || "") || base;
            }
            else if (tag.name === "form") {
                this.addForm(form);
                form = newForm(tag, resolveUrl(base, attribute(tag, "action") || fullUrl(answer.url)));
            }
            else if (tag.name === "/form") {
                this.addForm(form);
                form = null;
            }
            else if (tag.name === "input" || tag.name === "textarea") {
                addField(form, tag);
            }
            else {
                var link = attribute(tag, "href") || attribute(tag, "src") || attribute(tag, "data");
                if (link) {
                    this.follow(resolveUrl(base, link), depth + 1);
                }
                else if (tag.name === "meta" && /^refresh$/i.test(attribute(tag, "http-equiv") || "")) {
                    var m = /url\s*=\s*['"]?([^'"]+)/i.exec(attribute(tag, "content") || "");
                    this.follow(m === null ? null : resolveUrl(base, m[1]), depth + 1);
                }
            }
        }
        this.addForm(form);
    };
    Spider.prototype.addForm = function (form) {
        if (form === null || form.action === null) {
            return;
        }
        if (form.post) {
            this.note(form.action, "POST", form.fields.join("&"));
        }
        else {
            var url = { scheme: form.action.scheme, host: form.action.host, path: form.action.path, query: form.fields.length > 0 ? "?" + form.fields.join("&") : "" };
            this.note(url, "GET", "");
        }
    };
    Spider.prototype.readRobots = function (start) {
        var url = resolveUrl(start, "/robots.txt");
        var answer = url === null ? null : this.requests.send(url);
        var maps = [];
        if (answer !== null && answer.status === 200 && !answer.isHtml()) {
            this.noteStatus(answer);
            var lines = answer.text().split(/\r?\n/);
            for (var i = 0; i < lines.length && i < 2000; i++) {
                var m = /^\s*(allow|disallow|sitemap)\s*:\s*([^\s#]+)/i.exec(lines[i]);
                if (m === null) {
                    continue;
                }
                var named = resolveUrl(start, m[2]);
                if (/^sitemap$/i.test(m[1])) {
                    if (named !== null) {
                        maps.push(named);
                    }
                }
                else if (m[2].charAt(0) === "/" && !/[*$]/.test(m[2])) {
                    this.follow(named, 1);
                }
            }
        }
        var usual = resolveUrl(start, "/sitemap.xml");
        if (maps.length === 0 && usual !== null) {
            maps.push(usual);
        }
        this.readSitemaps(maps);
    };
    Spider.prototype.readSitemaps = function (maps) {
        for (var i = 0; i < maps.length && i < mostSitemaps; i++) {
            if (originOf(maps[i]) !== this.origin) {
                this.follow(maps[i], 1);
                continue;
            }
            var answer = this.requests.send(maps[i]);
            if (answer === null || answer.status !== 200 || !/<(urlset|sitemapindex)[\s>]/.test(answer.text())) {
                continue;
            }
            this.noteStatus(answer);
            var index = /<sitemapindex[\s>]/.test(answer.text());
            var loc = /<loc>\s*([^<\s]{1,2000})\s*<\/loc>/g;
            for (var m = loc.exec(answer.text()), n = 0; m && n < mostPlaces; m = loc.exec(answer.text()), n++) {
                var named = resolveUrl(maps[i], decodeEntities(m[1]));
                if (index && named !== null) {
                    maps.push(named);
                }
                else {
                    this.follow(named, 1);
                }
            }
        }
    };
    Spider.prototype.noteStatus = function (answer) {
        var place = this.note(answer.url, "GET", "");
        if (place !== null) {
            place.status = answer.status;
        }
    };
    Spider.prototype.follow = function (url, depth) {
        if (url === null) {
            return;
        }
        var before = this.places.length;
        var place = this.note(url, "GET", "");
        if (place === null || this.places.length === before || originOf(url) !== this.origin || leave.test(url.path + url.query) || assets.indexOf(" " + extensionOf(url) + " ") >= 0) {
            return;
        }
        var kind = url.path + "?" + parameterNames(url.query).join("&");
        this.variants[kind] = (this.variants.hasOwnProperty(kind) ? this.variants[kind] : 0) + 1;
        if (depth > this.limits.maxDepth || this.variants[kind] > mostVariants) {
            this.capped = this.capped || depth > this.limits.maxDepth;
            return;
        }
        this.queue.push({ place: place, depth: depth });
    };
    Spider.prototype.note = function (url, method, body) {
        var key = method + " " + fullUrl(url) + "\n" + parameterNames("?" + body).join("&");
        if (this.known.hasOwnProperty(key)) {
            return this.known[key];
        }
        if (this.places.length >= mostPlaces) {
            this.capped = true;
            return null;
        }
        var place = { url: url, method: method, body: body, status: 0, outOfScope: !this.scope.hasOwnProperty(originOf(url)) };
        this.known[key] = place;
        this.places.push(place);
        return place;
    };
    return Spider;
}());
function newForm(tag, action) {
    return { action: action, post: /^post$/i.test(attribute(tag, "method") || ""), fields: [] };
}
function addField(form, tag) {
    var name = attribute(tag, "name");
    var type = (attribute(tag, "type") || "text").toLowerCase();
    if (form === null || !name || form.fields.length >= 50 || type === "file" || type === "reset" || type === "button" || type === "image") {
        return;
    }
    var value = attribute(tag, "value") || (type === "hidden" || type === "submit" || type === "checkbox" || type === "radio" ? "" : type === "number" ? "1" : "test");
    form.fields.push(encodeURIComponent(name) + "=" + encodeURIComponent(value));
}
function parameterNames(query) {
    var names = [];
    var parts = query.substr(1).split("&");
    for (var i = 0; i < parts.length && i < 100; i++) {
        if (parts[i] !== "") {
            names.push(decodePart(parts[i].split("=")[0]));
        }
    }
    return names;
}
function originsOf(targets) {
    var origins = {};
    for (var i = 0; i < targets.length; i++) {
        var address = targets[i].url;
        var url = address ? parseUrl(address) : null;
        if (url !== null) {
            origins[originOf(url)] = true;
        }
    }
    return origins;
}
var Points = (function () {
    function Points(most) {
        this.most = most;
        this.list = [];
        this.cut = false;
        this.seen = {};
    }
    Points.prototype.add = function (url, method, body) {
        if (leave.test(url.path) || (method !== "GET" && method !== "POST")) {
            return;
        }
        var text = method === "POST" ? body : url.query.substr(1);
        var parts = text === "" ? [] : text.split("&");
        if (method === "POST" && /(^|&)[^=&]*pass(word|wd)?[^=&]*=/i.test(body)) {
            return;
        }
        for (var i = 0; i < parts.length && i < 50; i++) {
            var at = parts[i].indexOf("=");
            var name = decodePart(at < 0 ? parts[i] : parts[i].substr(0, at));
            var key = method + " " + locationOf(url) + "\n" + name;
            if (name === "" || this.seen.hasOwnProperty(key)) {
                continue;
            }
            if (this.list.length >= this.most) {
                this.cut = true;
                return;
            }
            this.seen[key] = true;
            this.list.push({ url: url, method: method, parts: parts, index: i, name: name, value: at < 0 ? "" : decodePart(parts[i].substr(at + 1)) });
        }
    };
    return Points;
}());
function sendWith(requests, point, value) {
    var parts = point.parts.slice(0);
    parts[point.index] = encodeURIComponent(point.name) + "=" + encodeURIComponent(value);
    return point.method === "POST"
        ? requests.send(point.url, "POST", parts.join("&"))
        : requests.send({ scheme: point.url.scheme, host: point.url.host, path: point.url.path, query: "?" + parts.join("&") });
}
function contextAt(page, offset) {
    var lower = page.toLowerCase();
    var opening = /<(?:!--|\/?[a-zA-Z])/g;
    var at = 0;
    for (;;) {
        opening.lastIndex = at;
        var m = opening.exec(page);
        if (m === null || m.index >= offset) {
            return { kind: "text", quote: "", element: "" };
        }
        if (m[0] === "<!--") {
            var close = page.indexOf("-->", m.index + 4);
            if (close < 0 || close >= offset) {
                return { kind: "comment", quote: "", element: "" };
            }
            at = close + 3;
            continue;
        }
        var name = (/^<\/?([a-z0-9]+)/.exec(lower.substr(m.index, 40)) || ["", ""])[1];
        var inTag = tagAt(page, m.index + m[0].length, offset, name);
        if (inTag.context !== null) {
            return inTag.context;
        }
        at = inTag.end;
        if (/^(script|style|title|textarea|xmp|iframe|noembed|noframes)$/.test(name) && m[0].charAt(1) !== "/") {
            var close = lower.indexOf("</" + name, at);
            if (close < 0 || close >= offset) {
                return name === "script"
                    ? { kind: "script", quote: quoteInScript(page.substring(at, offset)), element: name }
                    : { kind: name === "style" ? "style" : "raw", quote: "", element: name };
            }
            at = close;
        }
    }
}
function tagAt(page, from, offset, element) {
    var next = /[>"'=]/g;
    var at = from;
    for (;;) {
        next.lastIndex = at;
        var m = next.exec(page);
        if (m === null || m.index >= offset) {
            return { context: { kind: "tag", quote: "", element: element }, end: page.length };
        }
        if (m[0] === ">") {
            return { context: null, end: m.index + 1 };
        }
        at = m.index + 1;
        if (m[0] !== "=") {
            continue;
        }
        while (/\s/.test(page.charAt(at))) {
            at++;
        }
        var quote = page.charAt(at);
        if (quote === "\"" || quote === "'") {
            var close = page.indexOf(quote, at + 1);
            if (close < 0 || close >= offset) {
                return { context: { kind: "attribute", quote: quote, element: element }, end: page.length };
            }
            at = close + 1;
        }
        else {
            var rest = /[\s>]/g;
            rest.lastIndex = at;
            var end = rest.exec(page);
            if (end === null || end.index >= offset) {
                return { context: { kind: "attribute", quote: "", element: element }, end: page.length };
            }
            at = end.index;
        }
    }
}
function quoteInScript(code) {
    var quote = "";
    var mark = /\\[\s\S]|["'`]|\n/g;
    for (var m = mark.exec(code); m; m = mark.exec(code)) {
        if (m[0] === "\n") {
            quote = quote === "`" ? quote : "";
        }
        else if (m[0].length === 1) {
            quote = quote === "" ? m[0] : quote === m[0] ? "" : quote;
        }
    }
    return quote;
}
var ruleIds = ["reflection.cross-site-scripting", "reflection.open-redirect", "reflection.sql-error"];
var rules = {
    "reflection.cross-site-scripting": {
        title: "Input is reflected as markup or script", severity: "high", cwe: [79], owasp: "A03:2021",
        description: "What is sent in this parameter comes back in the page without the encoding that its place needs, so a prepared link makes a visitor's browser run an attacker's script.",
        remediation: "Encode output for its place: HTML text, attribute, or script string. Use a template engine that does so by default, and a Content-Security-Policy as a second line."
    },
    "reflection.open-redirect": {
        title: "The site redirects to any address", severity: "medium", cwe: [601], owasp: "A01:2021",
        description: "The address in this parameter is used as the target of a redirect without a check, so a link to this site can lead visitors to another one.",
        remediation: "Redirect only to paths of the site itself, or to addresses on a list."
    },
    "reflection.sql-error": {
        title: "Input reaches the database as SQL", severity: "high", cwe: [89, 209], owasp: "A03:2021",
        description: "A single quote in this parameter makes the database report a syntax error, which it does not without it: the input is part of the statement. An attacker may read or change data.",
        remediation: "Pass values as parameters of a prepared statement, and do not show errors of the database to visitors."
    }
};
var sqlErrors = [
    { database: "MySQL", pattern: /You have an error in your SQL syntax|MySqlException|mysql_fetch_|SQLSTATE\[42000\][^<]{0,60}(1064|syntax)|check the manual that corresponds to your (MySQL|MariaDB) server version/i },
    { database: "PostgreSQL", pattern: /PSQLException|PG::SyntaxError|Npgsql\.PostgresException|pg_query\(\)|unterminated quoted string at or near|(ERROR|FEHLER):\s+syntax error at or near/i },
    { database: "SQLite", pattern: /SQLite\/JDBCDriver|SQLite\.Exception|System\.Data\.SQLite\.SQLiteException|sqlite3\.OperationalError|SQLITE_ERROR|unrecognized token: (&quot;|&#39;|"|')|near (&quot;|&#39;|"|').{0,20}(&quot;|&#39;|"|'): syntax error/i },
    { database: "SQL Server", pattern: /Unclosed quotation mark after the character string|Incorrect syntax near|SqlClient\.SqlException|ODBC SQL Server Driver/i },
    { database: "Oracle", pattern: /\bORA-(00933|00936|01756|00907|00921)\b|quoted string not properly terminated/i },
    { database: "DB2", pattern: /CLI Driver[^<]{0,40}DB2|DB2 SQL error|SQLCODE[=:]\s*-104/i }
];
function sqlErrorIn(text) {
    for (var i = 0; i < sqlErrors.length; i++) {
        var m = sqlErrors[i].pattern.exec(text);
        if (m !== null) {
            return { database: sqlErrors[i].database, match: m[0].substr(0, 300) };
        }
    }
    return null;
}
var __read = (this && this.__read) || function (o, n) {
    var m = typeof Symbol === "function" && o[Symbol.iterator];
    if (!m) return o;
    var i = m.call(o), r, ar = [], e;
    try {
        while ((n === void 0 || n-- > 0) && !(r = i.next()).done) ar.push(r.value);
    }
    catch (error) { e = { error: error }; }
    finally {
        try {
            if (r && !r.done && (m = i["return"])) m.call(i);
        }
        finally { if (e) throw e.error; }
    }
    return ar;
};
var redirectNames = /^(url|uri|next|goto|go|to|target|dest|destination|redir|redirect|redirect_?ur[il]|return|return_?url|return_?to|continue|forward|out|link|back|callback)$/i;
var strangePlace = "secflow-probe.invalid";
var Prober = (function () {
    function Prober(ctx, requests, config) {
        this.ctx = ctx;
        this.requests = requests;
        this.config = config;
        this.found = 0;
        this.counter = 0;
    }
    Prober.prototype.look = function (point) {
        var token = this.token();
        var plain = sendWith(this.requests, point, token);
        if (plain === null) {
            return;
        }
        if (this.config.crossSiteScripting && isMarkup(plain) && plain.text().indexOf(token) >= 0) {
            this.lookForScripting(point, plain, token);
        }
        if (this.config.openRedirect && (redirectNames.test(point.name) || /^(https?:)?\/\//.test(point.value) || plain.header("location").indexOf(token) >= 0)) {
            this.lookForRedirect(point);
        }
        if (this.config.sqlError && sqlErrorIn(plain.text()) === null) {
            this.lookForSql(point);
        }
    };
    Prober.prototype.token = function () {
        this.counter++;
        return "sf" + randomLetters(this.ctx.run.id + this.counter, 10);
    };
    Prober.prototype.lookForScripting = function (point, plain, token) {
        var tried = {};
        var page = plain.text();
        var places = 0;
        for (var at = page.indexOf(token); at >= 0 && places < 20; at = page.indexOf(token, at + token.length)) {
            places++;
            var context = contextAt(page, at);
            var kind = context.kind + context.quote + (context.kind === "raw" ? context.element : "");
            if (tried.hasOwnProperty(kind)) {
                continue;
            }
            tried[kind] = true;
            if (this.breaksOut(point, context)) {
                return;
            }
        }
    };
    Prober.prototype.breaksOut = function (point, wanted) {
        var _a = __read([this.token(), this.token()], 2), before = _a[0], after = _a[1];
        var attempts = payloads(wanted);
        for (var i = 0; i < attempts.length; i++) {
            var answer = sendWith(this.requests, point, before + attempts[i] + after);
            if (answer === null || !isMarkup(answer)) {
                continue;
            }
            var sent = before + attempts[i] + after;
            var page = answer.text();
            for (var at = page.indexOf(sent); at >= 0; at = page.indexOf(sent, at + 1)) {
                var context = contextAt(page, at);
                if (context.kind === wanted.kind && context.quote === wanted.quote && leaves(page, at, context, attempts[i], before)) {
                    this.report("reflection.cross-site-scripting", point, answer, sent, "It arrives in " + words(context) + ".", 95);
                    return true;
                }
            }
        }
        return false;
    };
    Prober.prototype.lookForRedirect = function (point) {
        var places = ["https://" + strangePlace + "/", "//" + strangePlace + "/"];
        for (var i = 0; i < places.length; i++) {
            var answer = sendWith(this.requests, point, places[i]);
            var sent = answer === null ? "" : answer.header("location");
            if (answer !== null && answer.isRedirect() && (sent.substr(0, places[0].length) === places[0] || sent.substr(0, places[1].length) === places[1])) {
                this.report("reflection.open-redirect", point, answer, sent, "", 95);
                return;
            }
        }
    };
    Prober.prototype.lookForSql = function (point) {
        var broken = sendWith(this.requests, point, point.value + "'");
        var error = broken === null ? null : sqlErrorIn(broken.text());
        if (broken === null || error === null) {
            return;
        }
        var usual = sendWith(this.requests, point, point.value);
        if (usual === null || sqlErrorIn(usual.text()) !== null) {
            return;
        }
        var doubled = sendWith(this.requests, point, point.value + "''");
        var heals = doubled !== null && sqlErrorIn(doubled.text()) === null;
        this.report("reflection.sql-error", point, broken, error.match, "The error is one of " + error.database + (heals ? ", and a doubled quote makes it go away." : "."), heals ? 95 : 75);
    };
    Prober.prototype.report = function (id, point, answer, match, note, confidence) {
        var rule = rules[id];
        this.found++;
        this.ctx.finding({
            ruleId: id,
            title: (rule.title + ": " + point.name).substr(0, 200),
            severity: rule.severity,
            confidence: confidence,
            location: locationOf(point.url),
            method: point.method,
            parameter: point.name.substr(0, 500),
            description: rule.description + (note ? " " + note : ""),
            remediation: rule.remediation,
            evidence: { request: answer.method + " " + fullUrl(answer.url) + (answer.sent === "" ? "" : "\n\n" + answer.sent), response: quoteAround(answer, match), match: match.substr(0, 500) },
            cwe: rule.cwe,
            owasp: rule.owasp
        });
    };
    return Prober;
}());
function isMarkup(answer) {
    return answer.isHtml() || (answer.header("content-type") === "" && /^\s*<(!doctype html|html)/i.test(answer.text()));
}
function payloads(context) {
    switch (context.kind) {
        case "attribute":
            return context.quote === "" ? [" sfx=1 ", "><sfx>"] : [context.quote + " sfx=" + context.quote];
        case "tag":
            return [" sfx=1 ", "><sfx>"];
        case "script":
            return context.quote === "" ? [";sfx();", "</script><sfx>"] : [context.quote + ";sfx();//", "</script><sfx>"];
        case "style":
            return ["</style><sfx>"];
        case "raw":
            return ["</" + context.element + "><sfx>"];
        case "comment":
            return ["--><sfx>"];
        default:
            return ["<sfx>"];
    }
}
function leaves(page, at, context, payload, before) {
    if (payload.charAt(0) === "<" || context.kind === "comment") {
        return true;
    }
    var inside = contextAt(page, at + before.length + payload.length);
    switch (context.kind) {
        case "attribute":
        case "tag":
            return payload.charAt(0) === ">" ? inside.kind === "text" : inside.kind === "tag" || inside.kind === "attribute";
        case "script":
            return context.quote === "" || quoteIsFree(page, at + before.length);
        default:
            return true;
    }
}
function quoteIsFree(page, at) {
    var slashes = 0;
    while (page.charAt(at - 1 - slashes) === "\\") {
        slashes++;
    }
    return slashes % 2 === 0;
}
function words(context) {
    switch (context.kind) {
        case "attribute":
            return "an attribute of <" + context.element + ">" + (context.quote === "" ? " without quotes" : "");
        case "tag":
            return "the tag <" + context.element + ">";
        case "script":
            return context.quote === "" ? "a script" : "a string in a script";
        case "raw":
            return "<" + context.element + ">";
        case "style":
            return "a style sheet";
        case "comment":
            return "a comment";
        default:
            return "the text of the page";
    }
}
function quoteAround(answer, match) {
    var head = "HTTP " + answer.status + "\n";
    var list = answer.raw.headerList;
    for (var i = 0; i < list.length; i++) {
        head += list[i][0] + ": " + (/^set-cookie$/i.test(list[i][0]) ? list[i][1].replace(/=[^;]*/, "=...") : list[i][1]) + "\n";
    }
    var at = answer.text().indexOf(match);
    return head.substr(0, 1000) + (at < 0 ? "" : "\n" + answer.text().substr(Math.max(0, at - 200), 800).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/g, "."));
}
function randomLetters(text, count) {
    var hash = 2166136261;
    var letters = "";
    for (var i = 0; i < text.length; i++) {
        hash = ((hash ^ text.charCodeAt(i)) * 16777619) >>> 0;
    }
    for (var i = 0; i < count; i++) {
        hash = ((hash ^ (hash >>> 13)) * 2654435761 + i) >>> 0;
        letters += "bcdfghjklmnpqrstvwxz".charAt(hash % 20);
    }
    return letters;
}
function configOf(given) {
    var c = given || {};
    return {
        maxParameters: c.maxParameters || 200, forms: c.forms !== false, crossSiteScripting: c.crossSiteScripting !== false, openRedirect: c.openRedirect !== false, sqlError: c.sqlError !== false,
        maxPages: c.maxPages || 40, maxDepth: c.maxDepth || 5, maxRequests: c.maxRequests || 2000, timeoutMs: c.timeoutMs || 10000, maxBytes: c.maxBytes || 262144
    };
}
function checksOf(config) {
    return ruleIds.filter(function (id) {
        return id === "reflection.cross-site-scripting" ? config.crossSiteScripting : id === "reflection.open-redirect" ? config.openRedirect : config.sqlError;
    });
}
function readInput(ctx) {
    var all = [];
    ctx.inputs.urls.each(function (record) {
        var url = record.outOfScope || all.length >= 20000 || (record.url.indexOf("?") < 0 && !record.body) ? null : parseUrl(record.url);
        if (url !== null) {
            all.push({ url: url, method: record.method || "GET", body: record.body || "" });
        }
    });
    return all;
}
module.exports = {
    execute: function (ctx) {
        var config = configOf(ctx.config);
        var given = ctx.inputs.urls ? readInput(ctx) : null;
        var scope = originsOf(ctx.targets);
        for (var i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
            assessTarget(ctx, ctx.targets[i], i, config, [], function (requests, start, share) {
                var points = new Points(config.maxParameters);
                var add = function (url, method, body) {
                    if (originOf(url) === originOf(start.url) && (method === "GET" || config.forms)) {
                        points.add(url, method, body);
                    }
                };
                add(start.url, "GET", "");
                if (given !== null) {
                    given.forEach(function (one) {
                        add(one.url, one.method, one.body);
                    });
                }
                else {
                    new Spider(requests, originOf(start.url), scope, config, function (place) {
                        add(place.url, place.method, place.body);
                    }).run(start, function (done) {
                        share(Math.min(30, done), "Read " + done + " pages");
                    });
                }
                var prober = new Prober(ctx, requests, config);
                for (var p = 0; p < points.list.length; p++) {
                    share(30 + 69 * p / points.list.length, "Parameter " + (p + 1) + " of " + points.list.length);
                    prober.look(points.list[p]);
                }
                var summary = points.list.length + " parameters, " + requests.sent + " requests, " + prober.found + " findings.";
                return points.cut ? { summary: summary, checks: [], gap: "Only the first " + config.maxParameters + " parameters were looked at (maxParameters). " + summary } : { summary: summary, checks: checksOf(config) };
            });
        }
        ctx.progress(100, "Done");
    }
};
