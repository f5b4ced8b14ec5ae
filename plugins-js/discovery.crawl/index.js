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
function configOf(given) {
    var c = given || {};
    return { maxPages: c.maxPages || 200, maxDepth: c.maxDepth || 5, maxRequests: c.maxRequests || 500, timeoutMs: c.timeoutMs || 10000, maxBytes: c.maxBytes || 262144 };
}
module.exports = {
    execute: function (ctx) {
        var config = configOf(ctx.config);
        var scope = originsOf(ctx.targets);
        for (var i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
            assessTarget(ctx, ctx.targets[i], i, config, [], function (requests, start, share) {
                var spider = new Spider(requests, originOf(start.url), scope, config, function (place) {
                    emitPlace(ctx, place);
                });
                var stopped = null;
                try {
                    spider.run(start, function (done, waiting) {
                        share(Math.min(99, 100 * done / Math.min(config.maxPages, done + waiting + 1)), "Read " + done + " pages");
                    });
                }
                catch (e) {
                    if (!(e instanceof Stop)) {
                        throw e;
                    }
                    stopped = e;
                    for (var p = 0; p < spider.places.length; p++) {
                        emitPlace(ctx, spider.places[p]);
                    }
                }
                if (stopped !== null) {
                    throw stopped;
                }
                var summary = spider.pages + " pages read, " + spider.places.length + " urls and forms seen.";
                return spider.capped
                    ? { summary: summary, checks: [], gap: summary + " Links beyond " + config.maxPages + " pages or depth " + config.maxDepth + " were noted, not followed." }
                    : { summary: summary, checks: ["crawl"] };
            });
        }
        ctx.progress(100, "Done");
    }
};
function emitPlace(ctx, place) {
    var record = { url: fullUrl(place.url), method: place.method, source: "discovery.crawl" };
    if (place.status > 0) {
        record.status = place.status;
    }
    if (place.body !== "") {
        record.body = place.body.substr(0, 8000);
    }
    if (place.outOfScope) {
        record.outOfScope = true;
    }
    ctx.emit("urls", record);
}
