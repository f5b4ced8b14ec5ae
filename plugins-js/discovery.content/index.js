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
var commonWords = ("about account accounts actuator actuator/env actuator/health admin admin/ admin/login admin.php administrator administrator/ api api/ api/docs api/health api/status api/users api/v1 api/v1/ api/v2 api-docs app app/ " +
    "app.js archive archive/ assets/ auth auth/login backend backend/ backup backup/ backup.sql backup.tar.gz backup.zip backups backups/ beta bin/ blog blog/ build/ cache cache/ cart cgi-bin/ changelog CHANGELOG.md " +
    "changelog.txt checkout ci client clients cms code common components/ composer.json composer.lock conf conf/ config config/ config.js config.json config.php config.php.bak config.yml configuration console console/ contact " +
    "content content/ control cp cron cron.php crossdomain.xml css/ customer customers dashboard dashboard/ data data/ database database/ database.sql db db/ db.sql debug debug/ default demo demo/ deploy deploy/ dev dev/ develop " +
    "dist/ doc doc/ Dockerfile docker-compose.yml docs docs/ download download/ downloads downloads/ drafts dump dump.sql editor elmah.axd email env error error_log errors events example examples export export/ exports/ extern " +
    "favicon.ico feed feedback file files files/ fonts/ forgot form forms forum ftp gallery git graphql graphiql health healthz help hidden hidden/ history home hosts htdocs/ humans.txt image images images/ img/ import import/ " +
    "include/ includes/ index.html index.php info info.php inc/ install install/ install.php internal internal/ intranet inventory invoice invoices issues jenkins job jobs js/ json kibana lab lang/ legacy legacy/ lib/ LICENSE " +
    "license.txt list live log log/ log.txt login login.php logo.png logs logs/ mail mail/ maintenance manage manage/ management manager manager/ manager/html manual media media/ member members members/ message metrics mobile " +
    "mock module modules/ monitor monitoring my-account news new node_modules/ notes notes.txt oauth oauth/authorize office old old/ openapi.json openapi.yaml operations order orders outbox package.json package-lock.json page " +
    "pages panel panel/ partner partners password passwords.txt payment payments phpinfo.php phpmyadmin phpmyadmin/ ping portal portal/ preview preview/ private private/ prod product products profile project projects prometheus " +
    "public public/ readme README.md readme.html readme.txt redirect redis register release releases report report/ reports reports/ reset resources/ rest rest/ restricted restricted/ review robots.txt root rss sales sample " +
    "samples sandbox save script scripts/ search secret secret/ secrets secure secure/ security security.txt server server-info server-status service services session sessions settings setup setup/ setup.php shell shop sign-in " +
    "signin signup site sitemap.xml sites snapshot source src/ sql sql/ staff staff/ stage staging staging/ start stat static/ statistics stats stats/ status storage storage/ store stream style styles/ subscribe support swagger " +
    "swagger/ swagger.json swagger-ui/ swagger-ui.html sync sys sysadmin system system/ task tasks team temp temp/ template templates/ test test/ test.html test.php testing tests/ ticket tickets tmp tmp/ todo.txt token tokens tool " +
    "tools tools/ trace tracking training update updates upgrade upload upload/ upload.php uploads uploads/ user user/login users users/ util v1 v1/ v2 v2/ vendor/ version version.txt video views/ web web.config web.config.bak " +
    "webadmin webhook webhooks webmail wiki wiki/ work wp-admin/ wp-content/ wp-includes/ wp-json/ wp-login.php www xmlrpc.php zip .bash_history .DS_Store .dockerenv .env .env.bak .env.local .env.production .git/ .git/config " +
    ".git/HEAD .gitignore .gitlab-ci.yml .hg/ .htaccess .htpasswd .npmrc .ssh/ .svn/ .svn/entries .vscode/ .well-known/ .well-known/change-password .well-known/openid-configuration .well-known/security.txt").split(" ");
var Calibration = (function () {
    function Calibration(requests, salt) {
        this.requests = requests;
        this.salt = salt;
        this.kinds = {};
    }
    Calibration.prototype.isMissing = function (folder, word, answer) {
        if (answer.status === 404 || answer.status === 410) {
            return true;
        }
        var samples = this.samples(folder, word);
        var sample = sampleOf(answer);
        for (var i = 0; i < samples.length; i++) {
            if (alike(sample, samples[i], samples)) {
                return true;
            }
        }
        return false;
    };
    Calibration.prototype.samples = function (folder, word) {
        var kind = kindOf(word);
        var key = folder.path + "\n" + kind;
        if (!this.kinds.hasOwnProperty(key)) {
            var samples = [];
            for (var i = 0; i < 2; i++) {
                var name = randomName(this.salt + key + i);
                var url = resolveUrl(folder, nameOfKind(kind, name));
                var answer = url === null ? null : this.requests.send(url);
                if (answer !== null) {
                    samples.push(sampleOf(answer));
                }
            }
            this.kinds[key] = samples;
        }
        return this.kinds[key];
    };
    return Calibration;
}());
var leastAlike = 0.9;
function kindOf(word) {
    if (/^\.ht/.test(word)) {
        return ".ht";
    }
    var last = word.replace(/\/$/, "").split("/").pop() || "";
    if (last.charAt(0) === ".") {
        return word.charAt(word.length - 1) === "/" ? "./" : ".";
    }
    var dot = last.lastIndexOf(".");
    return word.charAt(word.length - 1) === "/" ? "/" : dot > 0 ? last.substr(dot).toLowerCase() : "";
}
function nameOfKind(kind, name) {
    return kind === ".ht" ? ".ht" + name : kind === "./" ? "." + name + "/" : kind === "." ? "." + name : name + kind;
}
function randomName(text) {
    var hash = 2166136261;
    var name = "";
    for (var i = 0; i < text.length; i++) {
        hash = ((hash ^ text.charCodeAt(i)) * 16777619) >>> 0;
    }
    for (var i = 0; i < 12; i++) {
        hash = ((hash ^ (hash >>> 13)) * 2654435761 + i) >>> 0;
        name += "bcdfghjklmnpqrstvwxz".charAt(hash % 20);
    }
    return name;
}
function sampleOf(answer) {
    var text = withoutPath(answer.text().substr(0, 65536), answer.url);
    var found = text.toLowerCase().match(/[a-z]{3,}/g) || [];
    var words = {};
    var count = 0;
    for (var i = 0; i < found.length && i < 2000; i++) {
        if (!words.hasOwnProperty(found[i])) {
            words[found[i]] = true;
            count++;
        }
    }
    return { status: answer.status, redirect: withoutPath(answer.header("location"), answer.url), length: text.length, text: text, words: words, count: count };
}
function withoutPath(text, url) {
    var names = url.path.split("/");
    var left = text.split(fullUrl(url)).join("").split(url.path).join("").split(encodeURIComponent(url.path)).join("");
    for (var i = 0; i < names.length; i++) {
        if (names[i].length >= 3) {
            left = left.split(names[i]).join("");
        }
    }
    return left.replace(/[0-9]+/g, "0");
}
function alike(a, b, all) {
    if (a.status !== b.status) {
        return false;
    }
    if (a.status >= 300 && a.status < 400) {
        return a.redirect === b.redirect;
    }
    if (a.text === b.text) {
        return true;
    }
    var least = all.length === 2 ? Math.min(leastAlike, shared(all[0], all[1]) * 0.95) : leastAlike;
    return shared(a, b) >= least && Math.abs(a.length - b.length) <= Math.max(64, 0.3 * b.length);
}
function shared(a, b) {
    if (a.count === 0 && b.count === 0) {
        return 1;
    }
    var both = 0;
    for (var word in a.words) {
        if (b.words.hasOwnProperty(word)) {
            both++;
        }
    }
    return both / (a.count + b.count - both);
}
function configOf(given) {
    var c = given || {};
    return {
        words: c.words && c.words.length > 0 ? c.words : commonWords, extensions: c.extensions || [], depth: c.depth || 1,
        maxRequests: c.maxRequests || 3000, timeoutMs: c.timeoutMs || 10000, maxBytes: c.maxBytes || 65536
    };
}
function pathsOf(config) {
    var paths = [];
    var seen = {};
    var add = function (path) {
        var clean = path.replace(/^\/+/, "");
        if (clean !== "" && !seen.hasOwnProperty(clean)) {
            seen[clean] = true;
            paths.push(clean);
        }
    };
    for (var i = 0; i < config.words.length; i++) {
        add(config.words[i]);
        for (var e = 0; e < config.extensions.length && kindOf(config.words[i]) === ""; e++) {
            add(config.words[i] + "." + config.extensions[e].replace(/^\./, ""));
        }
    }
    return paths;
}
function digestOf(paths) {
    return "content:" + paths.length + ":" + randomName(paths.join("\n"));
}
function discover(ctx, config, paths, requests, start, share) {
    var root = { scheme: start.url.scheme, host: start.url.host, path: start.url.path.substring(0, start.url.path.lastIndexOf("/") + 1), query: "" };
    var calibration = new Calibration(requests, ctx.run.id);
    var folders = [{ url: root, depth: 1 }];
    var reported = {};
    var found = 0;
    var busy = 0;
    for (var f = 0; f < folders.length; f++) {
        for (var i = 0; i < paths.length; i++) {
            var url = resolveUrl(folders[f].url, paths[i]);
            if (url === null || reported.hasOwnProperty(url.path)) {
                continue;
            }
            var answer = requests.send(url);
            if (i % 10 === 0) {
                share(Math.min(99, 100 * (f + i / paths.length) / folders.length), "Asked for " + i + " of " + paths.length + " paths in " + folders[f].url.path);
            }
            if (answer === null) {
                continue;
            }
            if (answer.status === 429 || answer.status === 503) {
                busy++;
                continue;
            }
            if (answer.status === 400 || answer.status === 414 || answer.status === 501 || calibration.isMissing(folders[f].url, paths[i], answer)) {
                continue;
            }
            reported[url.path] = true;
            found++;
            ctx.emit("urls", { url: fullUrl(url), method: "GET", status: answer.status, source: "discovery.content" });
            var inside = folderOf(answer);
            if (inside !== null && folders[f].depth < config.depth && originOf(inside) === originOf(root)) {
                folders.push({ url: inside, depth: folders[f].depth + 1 });
            }
        }
    }
    var summary = found + " of " + paths.length + " paths are there; " + requests.sent + " requests.";
    return busy > 0 ? { summary: summary, checks: [], gap: busy + " paths were answered with \"too busy\" (429 or 503): nothing is known about them. Lower the target's request rate." } : { summary: summary, checks: [digestOf(paths)] };
}
function folderOf(answer) {
    if (answer.url.path.charAt(answer.url.path.length - 1) === "/") {
        return answer.url;
    }
    var next = answer.isRedirect() ? resolveUrl(answer.url, answer.header("location")) : null;
    return next !== null && next.path === answer.url.path + "/" ? next : null;
}
module.exports = {
    execute: function (ctx) {
        var config = configOf(ctx.config);
        var paths = pathsOf(config);
        for (var i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
            assessTarget(ctx, ctx.targets[i], i, config, [], function (requests, start, share) {
                return discover(ctx, config, paths, requests, start, share);
            });
        }
        ctx.progress(100, "Done");
    }
};
