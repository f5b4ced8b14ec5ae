"use strict";
var rules = [];
function rule(id, stage, severity, confidence, cwe, owasp, title, description, remediation) {
    rules.push({ id: "web-baseline." + id, stage: stage, title: title, severity: severity, confidence: confidence, cwe: cwe, owasp: owasp, description: description, remediation: remediation });
}
rule("missing-csp", "pages", "medium", 95, [693], "A05:2021", "Content-Security-Policy is missing", "The page sends no Content-Security-Policy, so a script that an attacker manages to inject runs without restraint.", "Send a Content-Security-Policy that allows scripts from known places only, for example default-src 'self'; object-src 'none'; base-uri 'self'.");
rule("weak-csp", "pages", "low", 90, [693], "A05:2021", "Content-Security-Policy allows inline or arbitrary scripts", "The Content-Security-Policy lets scripts run that an attacker could inject: unsafe-inline without nonce or hash, unsafe-eval, or scripts from anywhere.", "Replace unsafe-inline by nonces or hashes, drop unsafe-eval, and name the hosts of scripts.");
rule("missing-hsts", "pages", "medium", 95, [319], "A05:2021", "Strict-Transport-Security is missing", "The site is served over HTTPS without Strict-Transport-Security (or with a duration under one day), so the first request of a visitor can be taken over HTTP.", "Send Strict-Transport-Security: max-age=31536000; includeSubDomains on every HTTPS answer.");
rule("missing-content-type-options", "pages", "low", 95, [693], "A05:2021", "X-Content-Type-Options is missing", "Without X-Content-Type-Options: nosniff some browsers guess the type of an answer and may run uploaded text as script.", "Send X-Content-Type-Options: nosniff on every answer.");
rule("missing-frame-protection", "pages", "medium", 95, [1021], "A05:2021", "Nothing forbids framing by other sites", "Neither X-Frame-Options nor frame-ancestors of a Content-Security-Policy is sent, so another site can show the page in a frame and steal clicks.", "Send Content-Security-Policy: frame-ancestors 'self' or X-Frame-Options: DENY.");
rule("missing-referrer-policy", "pages", "low", 90, [200], "A05:2021", "Referrer-Policy is missing or unsafe", "Without a Referrer-Policy older browsers send the full address of the page, with its parameters, to other sites.", "Send Referrer-Policy: strict-origin-when-cross-origin or no-referrer.");
rule("missing-permissions-policy", "pages", "info", 90, [693], "A05:2021", "Permissions-Policy is missing", "The page does not say which browser features (camera, location, ...) embedded content may use.", "Send a Permissions-Policy that switches off what the site does not need.");
rule("missing-charset", "pages", "low", 85, [116], "A05:2021", "The page declares no character set", "Neither Content-Type nor a meta element at the start of the page names a character set; a browser that guesses may read harmless text as markup.", "Send Content-Type: text/html; charset=utf-8.");
rule("cacheable-session", "pages", "low", 80, [525], "A04:2021", "An answer that sets a session cookie may be cached", "The answer sets a session cookie but has no Cache-Control of no-store, no-cache or private: a shared cache may hand the session to another visitor.", "Send Cache-Control: no-store with every answer that sets or depends on a session.");
rule("server-version", "pages", "low", 95, [200], "A05:2021", "The Server header names a version", "The version of the server software is told to everyone and makes the search for a matching exploit easy.", "Switch the version off (ServerTokens Prod, server_tokens off).");
rule("powered-by", "pages", "low", 95, [200], "A05:2021", "A header names the framework", "A header names the technology behind the site, often with its version.", "Remove the header in the configuration of the framework or at the proxy.");
rule("generator", "pages", "info", 95, [200], "A05:2021", "A generator element names a version", "The page names the software that made it, with its version.", "Remove the generator element.");
rule("wordpress-version", "pages", "low", 95, [200], "A06:2021", "The WordPress version is disclosed", "The page names the version of WordPress; known weaknesses of that version can be looked up.", "Remove the generator element and keep WordPress up to date.");
rule("cookie-no-httponly", "pages", "medium", 90, [1004], "A05:2021", "A session cookie can be read by scripts", "The cookie looks like a session and has no HttpOnly attribute: any injected script can steal it.", "Set HttpOnly on the cookie.");
rule("cookie-no-secure", "pages", "medium", 90, [614], "A05:2021", "A session cookie may travel over HTTP", "The cookie looks like a session and is set over HTTPS without the Secure attribute.", "Set Secure on the cookie.");
rule("cookie-no-samesite", "pages", "low", 90, [1275], "A01:2021", "A session cookie has no SameSite attribute", "The cookie looks like a session and leaves it to the browser whether other sites may send requests with it.", "Set SameSite=Lax or Strict on the cookie.");
rule("private-address", "pages", "low", 70, [200], "A05:2021", "A private IP address is disclosed", "The answer contains an address of an internal network, which helps an attacker to map it.", "Remove the address from the answer.");
rule("secret-in-comment", "pages", "high", 75, [615, 798], "A05:2021", "An HTML comment contains a credential", "A comment in the page, readable by everyone, contains what looks like a password, key or token.", "Remove the comment and change the credential.");
rule("revealing-comment", "pages", "low", 80, [615], "A05:2021", "An HTML comment reveals internal work", "A comment in the page holds a note of the developers or points to a file that is not meant for visitors.", "Strip comments when the site is built.");
rule("secret-in-page", "pages", "high", 85, [540, 798], "A07:2021", "A page or script contains an access key", "The answer contains a text with the exact form of an access key of a known service.", "Remove the key, revoke it, and keep such keys on the server.");
rule("debug-error", "pages", "medium", 90, [209, 489], "A05:2021", "A debug page or stack trace is shown", "An error answer shows the inside of the application: a stack trace, a debug page of the framework or an error of the database.", "Switch debug mode off and show a neutral error page.");
rule("default-page", "pages", "info", 90, [1188], "A05:2021", "The default page of a server is shown", "The site shows the page that its server installs by default: it may be unfinished, unused or forgotten.", "Replace the page, or take the server off the network.");
rule("mixed-content", "pages", "medium", 90, [311], "A02:2021", "An HTTPS page loads content over HTTP", "The page is served over HTTPS but loads scripts, styles, frames or media over plain HTTP, which anyone on the way can change.", "Load everything over HTTPS.");
rule("password-over-http", "pages", "high", 90, [319], "A02:2021", "A password is sent over HTTP", "A form with a password field is shown on, or sends to, an address without encryption: anyone on the way can read the password.", "Serve the form and its destination over HTTPS only.");
rule("password-in-url", "pages", "medium", 90, [598], "A04:2021", "A form sends a password in the address", "A form with a password field uses the method GET: the password ends in the address, the history and the logs.", "Use the method POST.");
rule("session-in-url", "pages", "medium", 85, [598], "A07:2021", "A session identifier is part of an address", "A link carries a session identifier, which leaks through history, logs and the Referer header.", "Keep sessions in cookies only.");
rule("basic-auth-over-http", "pages", "medium", 95, [522], "A02:2021", "Basic authentication without encryption", "The answer asks for Basic authentication over plain HTTP: name and password travel readable with every request.", "Serve the page over HTTPS only.");
rule("missing-integrity", "pages", "low", 85, [353], "A08:2021", "A script of another site has no integrity check", "The page runs a script from another host without an integrity attribute: whoever controls that host controls the page.", "Add integrity and crossorigin attributes, or serve the script yourself.");
rule("cors-any-origin", "cors", "high", 95, [942], "A05:2021", "CORS trusts every origin with credentials", "The answer repeats an arbitrary Origin in Access-Control-Allow-Origin and allows credentials: any site can read the data of a signed-in visitor.", "Allow a fixed list of origins only.");
rule("cors-null-origin", "cors", "medium", 95, [942], "A05:2021", "CORS trusts the origin null with credentials", "The answer allows the origin null with credentials; a sandboxed frame on any site has that origin.", "Never allow the origin null.");
rule("cors-wildcard-credentials", "cors", "low", 90, [942], "A05:2021", "CORS combines a wildcard with credentials", "The answer sends Access-Control-Allow-Origin: * together with credentials. Browsers refuse the pair, but it shows that every origin was meant to be trusted.", "Name the origins that may read the answer, or drop the credentials.");
rule("trace-enabled", "methods", "low", 95, [693], "A05:2021", "The method TRACE is enabled", "The server returns requests as it received them, which can reveal headers that are added or hidden on the way.", "Switch TRACE off (TraceEnable off).");
rule("dangerous-methods", "methods", "low", 50, [650], "A05:2021", "Methods that change files are offered", "The Allow header of an OPTIONS answer offers methods that write or delete. They were not tried.", "Switch off the methods that the site does not need.");
rule("directory-listing", "directories", "medium", 95, [548], "A05:2021", "A directory lists its files", "The server shows the content of a directory: files that no page links to can be found.", "Switch directory listings off (Options -Indexes, autoindex off).");
rule("exposed-git", "files", "high", 95, [527], "A05:2021", "A Git repository is exposed", "Files of a .git folder are served: the source and its history can be downloaded.", "Block .git at the server, and change every credential that the history contains.");
rule("exposed-svn", "files", "high", 95, [527], "A05:2021", "A Subversion working copy is exposed", "Files of a .svn folder are served: the source can be downloaded.", "Block .svn at the server.");
rule("exposed-env", "files", "critical", 95, [538], "A05:2021", "An environment file is exposed", "A .env file with settings, usually including credentials, is served to everyone.", "Move the file out of the web root and change every credential in it.");
rule("exposed-database-dump", "files", "critical", 95, [530], "A05:2021", "A database dump is exposed", "A dump of a database is served to everyone.", "Remove the file from the web root; treat its content as leaked.");
rule("exposed-backup-archive", "files", "high", 90, [530], "A05:2021", "A backup archive is exposed", "An archive with the name of a backup is served to everyone.", "Remove the file from the web root; treat its content as leaked.");
rule("exposed-source-backup", "files", "high", 95, [530], "A05:2021", "A backup copy of source code is exposed", "A copy of a script is served as text, with the source and often credentials in it.", "Remove the copy from the web root and change credentials in it.");
rule("exposed-htpasswd", "files", "high", 95, [538], "A05:2021", "A password file is exposed", "A .htpasswd file with names and password hashes is served.", "Move the file out of the web root and change the passwords.");
rule("exposed-web-config", "files", "high", 95, [538], "A05:2021", "A configuration file is exposed", "A web.config file is served with the settings of the application.", "Let the server refuse the file, and change credentials in it.");
rule("exposed-ds-store", "files", "low", 95, [538], "A05:2021", "A .DS_Store file is exposed", "A file of the Finder is served; it names the files of its folder.", "Remove the file and block its name at the server.");
rule("server-status", "files", "medium", 95, [200], "A05:2021", "The server's status page is public", "The status page shows requests and addresses of other visitors.", "Allow the page to administrators only.");
rule("phpinfo", "files", "medium", 95, [200], "A05:2021", "A phpinfo page is public", "The page shows versions, paths, settings and environment of the server.", "Remove the file.");
rule("exposed-actuator", "files", "high", 95, [200], "A05:2021", "Spring Boot Actuator is public", "The environment of the application can be read through its management endpoint.", "Expose health and info only, the rest behind authentication.");
rule("exposed-pprof", "files", "medium", 95, [200], "A05:2021", "Go profiling pages are public", "Profiles of the running program can be taken by everyone, which discloses its inside and costs it time.", "Serve the profiling pages on an internal address only.");
rule("exposed-api-description", "files", "info", 90, [200], "A05:2021", "The description of the API is public", "An OpenAPI or Swagger document lists every endpoint. This may be meant so.", "If the API is not meant for everyone, put its description behind authentication.");
rule("crossdomain-wildcard", "files", "medium", 95, [942], "A05:2021", "crossdomain.xml trusts every site", "The policy file lets content of every site read answers of this one.", "Remove the file or name the sites that are trusted.");
rule("phpmyadmin", "files", "medium", 90, [284], "A05:2021", "phpMyAdmin is public", "The administration of the database can be reached by everyone.", "Allow it from administrators' addresses only.");
rule("robots-reveals", "files", "info", 80, [200], "A01:2021", "robots.txt names hidden areas", "robots.txt names paths that look like administration, backups or internal data.", "Protect those areas by authentication; do not list them.");
rule("source-map", "scripts", "low", 90, [540], "A05:2021", "The source map of a script is public", "A script names a source map that is served: the original source can be read.", "Do not deploy source maps, or allow them from inside only.");
rule("vulnerable-library", "scripts", "medium", 75, [1104], "A06:2021", "A script library with known weaknesses is used", "The version of the library, as its file name or banner states, has known weaknesses. Whether the page can be attacked depends on how it uses the library.", "Update the library.");
rule("open-redirect", "redirects", "medium", 95, [601], "A01:2021", "The site redirects to any address", "A parameter of a link decides where the visitor is sent, also to other sites: useful for phishing and for stealing tokens.", "Redirect to a fixed list of destinations, or to paths of the site only.");
function findRule(id) {
    for (var i = 0; i < rules.length; i++) {
        if (rules[i].id === id) {
            return rules[i];
        }
    }
    throw new Error("No rule " + id);
}
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
        var quote_1 = double < 0 ? single : single < 0 ? double : Math.min(double, single);
        if (quote_1 < 0 || quote_1 > end) {
            return end;
        }
        var close = window.indexOf(window.charAt(quote_1), quote_1 + 1);
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
var Client = (function () {
    function Client(ctx, config) {
        this.ctx = ctx;
        this.config = config;
        this.requests = 0;
        this.failures = 0;
        this.lastError = "";
        this.incomplete = {};
    }
    Client.prototype.send = function (stage, url, method, headers, maxBytes) {
        if (this.ctx.cancelled()) {
            throw new Stop("The run was cancelled.");
        }
        if (this.requests >= this.config.maxRequests) {
            throw new Stop("The budget of " + this.config.maxRequests + " requests (maxRequests) was used up.");
        }
        this.requests++;
        var bytes = maxBytes || this.config.maxBytes;
        var verb = method || "GET";
        try {
            var raw = this.ctx.http({
                method: verb, url: fullUrl(url), headers: headers || {}, followRedirects: false, timeoutMs: this.config.timeoutMs, maxBytes: bytes
            });
            return new Answer(verb, url, "", raw, bytes);
        }
        catch (e) {
            var error = e;
            var code = String(error.code || "");
            this.lastError = (code ? code + ": " : "") + error.message;
            if (code.substr(0, 3) === "SF3") {
                this.ctx.log.debug(verb + " " + fullUrl(url) + " was refused: " + this.lastError);
            }
            else if (code.substr(0, 4) === "SF51") {
                this.failures++;
                this.incomplete[stage] = true;
                this.ctx.log.warn(verb + " " + fullUrl(url) + " failed: " + this.lastError);
            }
            else {
                throw e;
            }
            return null;
        }
    };
    return Client;
}());
var Reporter = (function () {
    function Reporter(ctx, skip) {
        this.ctx = ctx;
        this.count = 0;
        this.seen = {};
        this.left = {};
        for (var i = 0; i < skip.length; i++) {
            this.left[skip[i]] = true;
        }
    }
    Reporter.prototype.skips = function (id) {
        return this.left.hasOwnProperty(id);
    };
    Reporter.prototype.has = function (name, location, parameter) {
        return this.seen.hasOwnProperty(name + "\n" + location + "\n" + (parameter || ""));
    };
    Reporter.prototype.report = function (name, location, reply, detail) {
        var found = findRule("web-baseline." + name);
        if (this.skips(found.id) || this.has(name, location, detail.parameter)) {
            return;
        }
        this.seen[name + "\n" + location + "\n" + (detail.parameter || "")] = true;
        this.count++;
        var finding = {
            ruleId: found.id,
            title: (found.title + (detail.parameter ? ": " + detail.parameter : "")).substr(0, 200),
            severity: detail.severity || found.severity,
            confidence: found.confidence,
            location: location,
            method: reply.method,
            description: found.description + (detail.note ? " " + detail.note : ""),
            remediation: found.remediation,
            evidence: {
                request: reply.method + " " + fullUrl(reply.url),
                response: quote(reply, detail),
                match: hide((detail.match || "").substr(0, 500), detail.secret)
            },
            cwe: found.cwe,
            owasp: found.owasp
        };
        if (detail.parameter) {
            finding.parameter = detail.parameter;
        }
        if (detail.cve && detail.cve.length > 0) {
            finding.cve = detail.cve;
        }
        this.ctx.finding(finding);
    };
    return Reporter;
}());
function quote(reply, detail) {
    var head = "HTTP " + reply.status + "\n";
    var list = reply.raw.headerList;
    for (var i = 0; i < list.length; i++) {
        var name = list[i][0];
        head += name + ": " + (/^set-cookie$/i.test(name) ? list[i][1].replace(/=[^;]*/, "=...") : list[i][1]) + "\n";
    }
    head = head.substr(0, 1000);
    var match = detail.match || "";
    var at = match === "" ? -1 : reply.text().indexOf(match);
    if (at < 0) {
        return head;
    }
    return head + "\n" + hide(printable(reply.text().substr(Math.max(0, at - 100), 800)), detail.secret);
}
function printable(text) {
    return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/g, ".");
}
function hide(text, secret) {
    var plain = printable(text);
    return secret ? plain.replace(/([=:]\s*["']?)[^\s"'<]+/g, "$1***").replace(/[A-Za-z0-9+\/_-]{16,}/g, hideWord) : plain;
}
function hideWord(word) {
    return word.substr(0, 4) + "***";
}
function pageFault(out, name, page, detail) {
    var site = originOf(page.reply.url) + "/";
    if (page.isStart) {
        out.report(name, site, page.reply, detail);
    }
    else if (!out.has(name, site, detail.parameter)) {
        out.report(name, page.reply.location, page.reply, detail);
    }
}
function checkPageHeaders(out, page) {
    var reply = page.reply;
    if (!page.isStart && (reply.status < 200 || reply.status > 299)) {
        return;
    }
    if (!/\bnosniff\b/i.test(reply.header("x-content-type-options"))) {
        pageFault(out, "missing-content-type-options", page, {});
    }
    if (reply.url.scheme === "https") {
        checkHsts(out, page);
    }
    if (reply.isHtml() && (reply.status < 300 || reply.status > 399)) {
        checkPolicies(out, page);
        checkCharset(out, page);
    }
}
function checkHsts(out, page) {
    var value = page.reply.header("strict-transport-security");
    var age = /max-age\s*=\s*"?(\d+)/i.exec(value);
    if (!age || Number(age[1]) < 86400) {
        pageFault(out, "missing-hsts", page, { match: value });
    }
}
function metaPolicy(page, kind, name) {
    var values = [];
    for (var i = 0; i < page.html.tags.length; i++) {
        var tag = page.html.tags[i];
        if (tag.name === "meta" && (attribute(tag, kind) || "").toLowerCase() === name) {
            values.push(attribute(tag, "content") || "");
        }
    }
    return values.join(", ");
}
function checkPolicies(out, page) {
    var sent = page.reply.header("content-security-policy");
    var csp = sent || metaPolicy(page, "http-equiv", "content-security-policy");
    if (csp === "") {
        pageFault(out, "missing-csp", page, {});
    }
    else {
        var weak = weaknessOfCsp(csp);
        if (weak !== "") {
            pageFault(out, "weak-csp", page, { match: weak, note: "Found: " + weak + "." });
        }
    }
    var frame = page.reply.header("x-frame-options");
    if (!/^\s*(deny|sameorigin)/i.test(frame) && !/(^|[;,])\s*frame-ancestors\s/i.test(sent)) {
        pageFault(out, "missing-frame-protection", page, { match: frame });
    }
    var referrer = page.reply.header("referrer-policy") || metaPolicy(page, "name", "referrer");
    if (referrer === "" || /unsafe-url\s*$/i.test(referrer)) {
        pageFault(out, "missing-referrer-policy", page, { match: referrer });
    }
    if (page.reply.header("permissions-policy") === "" && page.reply.header("feature-policy") === "") {
        pageFault(out, "missing-permissions-policy", page, {});
    }
}
function weaknessOfCsp(header) {
    var policies = header.split(",");
    var weakest = "";
    for (var i = 0; i < policies.length; i++) {
        if (/^\s*$/.test(policies[i])) {
            continue;
        }
        var weak = weaknessOfPolicy(policies[i].toLowerCase());
        if (weak === "") {
            return "";
        }
        weakest = weakest || weak;
    }
    return weakest;
}
function weaknessOfPolicy(policy) {
    var directives = {};
    var parts = policy.split(";");
    for (var i = 0; i < parts.length; i++) {
        var words = parts[i].replace(/^\s+|\s+$/g, "").split(/\s+/);
        if (words[0] !== "" && !directives.hasOwnProperty(words[0])) {
            directives[words[0]] = " " + words.slice(1).join(" ") + " ";
        }
    }
    var has = function (name) {
        return directives.hasOwnProperty(name);
    };
    if (!has("script-src") && !has("default-src")) {
        return "no script-src and no default-src";
    }
    var scripts = has("script-src") ? directives["script-src"] : directives["default-src"];
    var trusted = /'(nonce-|sha256-|sha384-|sha512-)/.test(scripts);
    if (scripts.indexOf(" 'unsafe-inline' ") >= 0 && !trusted && scripts.indexOf(" 'strict-dynamic' ") < 0) {
        return "'unsafe-inline'";
    }
    if (scripts.indexOf(" 'unsafe-eval' ") >= 0) {
        return "'unsafe-eval'";
    }
    var open = / (\*|https?:|data:|https?:\/\/\*) /.exec(scripts);
    return open && scripts.indexOf(" 'strict-dynamic' ") < 0 ? "scripts from " + open[1] : "";
}
function checkCharset(out, page) {
    if (/charset\s*=/i.test(page.reply.header("content-type"))) {
        return;
    }
    var text = page.reply.text();
    if (text !== "" && text.charCodeAt(0) !== 0xfeff && !/<meta[^>]{0,200}charset\s*=/i.test(text.substr(0, 1024))) {
        pageFault(out, "missing-charset", page, { match: page.reply.header("content-type") });
    }
}
function checkDisclosure(out, reply) {
    var site = originOf(reply.url) + "/";
    var server = reply.header("server");
    if (/[\/ (-]v?\d+(\.\d+)*/.test(server)) {
        out.report("server-version", site, reply, { match: server, note: "Found: " + server.substr(0, 100) + "." });
    }
    var names = ["x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator"];
    for (var i = 0; i < names.length; i++) {
        var value = reply.header(names[i]);
        if (value !== "") {
            out.report("powered-by", site, reply, { parameter: names[i], match: value, note: "Found: " + value.substr(0, 100) + "." });
        }
    }
    var basic = reply.header("www-authenticate");
    if (reply.status === 401 && reply.url.scheme === "http" && /(^|,)\s*basic(\s|$)/i.test(basic)) {
        out.report("basic-auth-over-http", reply.location, reply, { match: basic });
    }
}
var sessionNames = /sess|^sid$|[._-]sid$|^sid[._-]|auth|token|jwt|login|identity|remember/i;
var readableNames = /csrf|xsrf|antiforgery|requestverification/i;
function checkCookies(out, reply) {
    var site = originOf(reply.url) + "/";
    var cookies = reply.all("set-cookie");
    var session = "";
    for (var i = 0; i < cookies.length; i++) {
        var m = /^\s*([^=;\s]+)\s*=\s*([^;]*)(.*)$/.exec(cookies[i].replace(/[\r\n]/g, " "));
        if (!m || m[2] === "" || !sessionNames.test(m[1]) || readableNames.test(m[1])) {
            continue;
        }
        var attributes = m[3].toLowerCase() + ";";
        if (/;\s*max-age\s*=\s*(0|-\d+)\s*;/.test(attributes) || /;\s*expires\s*=[^;]*\b(1970|1601)\b/.test(attributes)) {
            continue;
        }
        session = m[1];
        var shown = m[1] + "=..." + m[3];
        if (!/;\s*httponly\s*;/.test(attributes)) {
            out.report("cookie-no-httponly", site, reply, { parameter: m[1], match: shown });
        }
        if (reply.url.scheme === "https" && !/;\s*secure\s*;/.test(attributes)) {
            out.report("cookie-no-secure", site, reply, { parameter: m[1], match: shown });
        }
        if (!/;\s*samesite\s*=\s*(lax|strict|none)\s*;/.test(attributes)) {
            out.report("cookie-no-samesite", site, reply, { parameter: m[1], match: shown });
        }
    }
    var cache = reply.header("cache-control");
    if (session !== "" && !/no-store|no-cache|private/i.test(cache) && !/no-cache/i.test(reply.header("pragma")) && reply.status < 400) {
        out.report("cacheable-session", site, reply, { match: cache });
    }
}
function checkContent(out, page) {
    var reply = page.reply;
    var text = reply.text();
    checkErrors(out, reply, reply.location);
    checkSecrets(out, reply);
    checkPrivateAddress(out, reply);
    if (!reply.isHtml()) {
        return;
    }
    checkComments(out, page);
    checkForms(out, page);
    checkLoads(out, page);
    checkGenerator(out, page);
    var standard = /<title>\s*(Apache2 [A-Za-z]+ Default Page[^<]{0,40}|Welcome to nginx!?|IIS Windows[^<]{0,40}|Apache Tomcat\/[^<]{1,20}|Test Page for the Apache[^<]{0,60}|Welcome to CentOS)\s*<\/title>/i.exec(text);
    if (standard) {
        out.report("default-page", reply.location, reply, { match: standard[0] });
    }
}
var anyStatusErrors = [
    { name: "PHP message", pattern: /<b>(Fatal error|Warning|Parse error|Notice|Deprecated)<\/b>:\s[^\n]{1,200} in <b>[^<\n]{2,200}<\/b> on line <b>\d+<\/b>/ },
    { name: "Werkzeug debugger", pattern: /<title>[^<]{0,200}(\/\/ Werkzeug Debugger|Werkzeug Debugger)<\/title>/ },
    { name: "Django debug page", pattern: /You&#x27;re seeing this error because you have <code>DEBUG = True<\/code>|You're seeing this error because you have <code>DEBUG = True<\/code>/ },
    { name: "ASP.NET error page", pattern: /<h1>Server Error in '[^'<]{1,100}' Application\./i },
    { name: "Laravel debug page", pattern: /<title>[^<]{0,200}Whoops! There was an error\.?<\/title>/i }
];
var failedStatusErrors = [
    { name: "Python traceback", pattern: /Traceback \(most recent call last\):/ },
    { name: "Java stack trace", pattern: /\bat [a-zA-Z_$][\w$]*(\.[a-zA-Z_$][\w$]*){2,12}\([A-Za-z0-9_$]{1,60}\.(java|kt|scala):\d{1,6}\)/ },
    { name: ".NET stack trace", pattern: /\bat [A-Za-z_][\w`]*(\.[A-Za-z_<>][\w`<>]*){1,12}\([^)\n]{0,200}\) in [^\n]{2,200}:line \d{1,6}/ },
    { name: "Node.js stack trace", pattern: /\bat [^\n(]{1,100}\((\/|[A-Z]:\\)[^\n)]{2,200}\.js:\d{1,6}:\d{1,6}\)/ },
    { name: "Ruby trace", pattern: /\/[\w\/.-]{3,200}\.rb:\d{1,6}:in [`'][^'\n]{1,80}'/ },
    { name: "database error", pattern: /You have an error in your SQL syntax|ORA-\d{5}:|sqlite3\.OperationalError|SQLSTATE\[\w{5}\]|unterminated quoted string at or near|Unclosed quotation mark after the character string/ }
];
function checkErrors(out, reply, location) {
    var text = reply.text();
    var lists = reply.status >= 400 ? [anyStatusErrors, failedStatusErrors] : [anyStatusErrors];
    for (var l = 0; l < lists.length; l++) {
        for (var i = 0; i < lists[l].length; i++) {
            var m = lists[l][i].pattern.exec(text);
            if (m) {
                out.report("debug-error", location, reply, { match: m[0], note: "Found: " + lists[l][i].name + "." });
                return;
            }
        }
    }
}
var keyForms = [
    { name: "AWS access key id", pattern: /\b(AKIA|ASIA)[0-9A-Z]{16}\b/ },
    { name: "GitHub token", pattern: /\bgh[pousr]_[A-Za-z0-9]{36}\b/ },
    { name: "Slack token", pattern: /\bxox[baprs]-[0-9]{8,14}-[0-9A-Za-z-]{10,80}/ },
    { name: "Stripe secret key", pattern: /\b[rs]k_live_[0-9A-Za-z]{20,100}\b/ },
    { name: "private key", pattern: /-----BEGIN (RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----\s+[A-Za-z0-9+\/=]{20}/ }
];
function checkSecrets(out, reply) {
    var text = reply.text();
    for (var i = 0; i < keyForms.length; i++) {
        var m = keyForms[i].pattern.exec(text);
        if (m && !/EXAMPLE/.test(m[0])) {
            out.report("secret-in-page", reply.location, reply, { parameter: keyForms[i].name, match: m[0], secret: true });
        }
    }
}
var mostAddresses = 100;
function checkPrivateAddress(out, reply) {
    var host = reply.url.host.replace(/:\d+$/, "");
    var pattern = /(^|[^\w.\/-])((?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}))(?![\w.-]|\/\d)/g;
    var urls = /https?:\/\/((?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}))(?![\w.-])/g;
    var sources = [reply.text(), reply.header("location") + " " + reply.header("x-backend-server") + " " + reply.header("via")];
    for (var s = 0; s < sources.length; s++) {
        pattern.lastIndex = 0;
        urls.lastIndex = 0;
        for (var m = pattern.exec(sources[s]), n = 0; m && n < mostAddresses; m = pattern.exec(sources[s]), n++) {
            var before = sources[s].substring(Math.max(0, m.index - 12), m.index + m[1].length);
            if (!/version[:\s"']*$/i.test(before)) {
                reportAddress(out, reply, host, m[2]);
            }
        }
        for (var m = urls.exec(sources[s]), n = 0; m && n < mostAddresses; m = urls.exec(sources[s]), n++) {
            reportAddress(out, reply, host, m[1]);
        }
    }
}
function reportAddress(out, reply, host, address) {
    var parts = address.split(".");
    for (var i = 0; i < 4; i++) {
        if (Number(parts[i]) > 255) {
            return;
        }
    }
    if (address !== host) {
        out.report("private-address", reply.location, reply, { parameter: address, match: address });
    }
}
var credential = /\b(pass(word|wd)?|pwd|secret|api[_-]?key|access[_-]?token)\b["']?\s*(?:[:=]|\bis\b)\s*["']?([^\s"'<>&,;]{3,})/i;
var placeholder = /^(\*+|x{3,}|\.{3,}|true|false|null|none|undefined|required|optional|your|changeme\W?$|\{|\$|%|\[|\()/i;
var internalNote = /\b(TODO|FIXME|XXX|HACK)\b/;
var internalPath = /(^|[\s"'(=])(\/[A-Za-z0-9._~\/-]*(backup|admin|internal|private|\.bak|\.sql|\.old|\.env|\.git)[A-Za-z0-9._~\/-]*)/i;
function checkComments(out, page) {
    var comments = page.html.comments;
    for (var i = 0; i < comments.length; i++) {
        if (/^\[if /i.test(comments[i])) {
            continue;
        }
        var text = comments[i].replace(/^\s+|\s+$/g, "");
        var m = credential.exec(text);
        if (m && !placeholder.test(m[3])) {
            out.report("secret-in-comment", page.reply.location, page.reply, { match: m[0], secret: true });
            continue;
        }
        var note = internalNote.exec(text) || internalPath.exec(text);
        if (note) {
            out.report("revealing-comment", page.reply.location, page.reply, { match: text.substr(0, 200) });
        }
    }
}
function checkForms(out, page) {
    var tags = page.html.tags;
    var form = null;
    for (var i = 0; i < tags.length; i++) {
        var tag = tags[i];
        if (tag.name === "form") {
            form = tag;
        }
        else if (tag.name === "/form") {
            form = null;
        }
        else if (tag.name === "input" && (attribute(tag, "type") || "").toLowerCase() === "password") {
            checkPasswordField(out, page, form);
        }
    }
}
function checkPasswordField(out, page, form) {
    var reply = page.reply;
    var action = form ? attribute(form, "action") || "" : "";
    var destination = action === "" ? reply.url : resolveUrl(reply.url, action);
    if (reply.url.scheme === "http" || (destination !== null && destination.scheme === "http")) {
        out.report("password-over-http", reply.location, reply, { match: "type=password", note: "The form sends to " + (destination ? locationOf(destination) : action).substr(0, 200) + "." });
    }
    if (form && action !== "" && destination !== null && (attribute(form, "method") || "get").toLowerCase() === "get") {
        out.report("password-in-url", reply.location, reply, { match: "type=password" });
    }
}
var loads = {
    script: "src", link: "href", iframe: "src", frame: "src", img: "src", embed: "src", object: "data", video: "src", audio: "src", source: "src"
};
function checkLoads(out, page) {
    var reply = page.reply;
    var tags = page.html.tags;
    for (var i = 0; i < tags.length; i++) {
        var tag = tags[i];
        if (tag.name === "a" || tag.name === "form" || tag.name === "area") {
            checkSessionLink(out, page, attribute(tag, "href") || attribute(tag, "action") || "");
        }
        if (!loads.hasOwnProperty(tag.name)) {
            continue;
        }
        var link = attribute(tag, loads[tag.name]);
        var url = link === undefined ? null : resolveUrl(reply.url, link);
        var style = tag.name !== "link" || /stylesheet|icon|preload/i.test(attribute(tag, "rel") || "");
        if (link === undefined || url === null || !style) {
            continue;
        }
        if (reply.url.scheme === "https" && url.scheme === "http") {
            out.report("mixed-content", reply.location, reply, { parameter: locationOf(url), match: link });
        }
        if (tag.name === "script" && siteOf(url.host) !== siteOf(reply.url.host) && !attribute(tag, "integrity")) {
            pageFault(out, "missing-integrity", page, { parameter: locationOf(url), match: link });
        }
    }
}
function siteOf(host) {
    var name = host.replace(/:\d+$/, "");
    return /^[\d.]+$|^\[/.test(name) ? name : name.split(".").slice(-2).join(".");
}
function checkSessionLink(out, page, link) {
    var m = /[;?&](jsessionid|phpsessid|aspsessionid\w*|sessionid|session_id|sid)=([A-Za-z0-9._-]{8,})/i.exec(link);
    var url = m ? resolveUrl(page.reply.url, link) : null;
    if (m && url !== null && url.host === page.reply.url.host) {
        out.report("session-in-url", page.reply.location, page.reply, { parameter: m[1].toLowerCase(), match: m[1] + "=" });
    }
}
function checkGenerator(out, page) {
    var value = metaPolicy(page, "name", "generator");
    if (/^wordpress\s+\d/i.test(value)) {
        pageFault(out, "wordpress-version", page, { match: value, note: "Found: " + value.substr(0, 100) + "." });
    }
    else if (/\d+\.\d+|\s\d+\b/.test(value)) {
        pageFault(out, "generator", page, { match: value, note: "Found: " + value.substr(0, 100) + "." });
    }
}
var libraries = [
    {
        name: "jquery", file: /(?:^|\/)jquery[-.@\/]v?(\d+\.\d+(?:\.\d+)?)(?:[-.\/](?:slim|min)|\/(?:dist\/)?jquery)*(?:\.min)?\.js$/i,
        banner: /jQuery (?:JavaScript Library )?v(\d+\.\d+(?:\.\d+)?)/,
        weaknesses: [
            { from: "", below: "1.9.0", cve: "CVE-2012-6708" },
            { from: "", below: "3.0.0", cve: "CVE-2015-9251" },
            { from: "", below: "3.4.0", cve: "CVE-2019-11358" },
            { from: "1.2.0", below: "3.5.0", cve: "CVE-2020-11022" },
            { from: "1.0.3", below: "3.5.0", cve: "CVE-2020-11023" }
        ]
    },
    {
        name: "jquery-ui", file: /(?:^|\/)jquery[-.]ui[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /jQuery UI - v(\d+\.\d+\.\d+)/,
        weaknesses: [
            { from: "", below: "1.13.0", cve: "CVE-2021-41184" },
            { from: "", below: "1.13.2", cve: "CVE-2022-31160" }
        ]
    },
    {
        name: "bootstrap", file: /(?:^|\/)bootstrap[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /Bootstrap v(\d+\.\d+\.\d+)/,
        weaknesses: [
            { from: "", below: "3.4.1", cve: "CVE-2019-8331" },
            { from: "4.0.0", below: "4.3.1", cve: "CVE-2019-8331" }
        ]
    },
    {
        name: "angularjs", file: /(?:^|\/)angular(?:js)?[-.@\/]v?(1\.\d+\.\d+)[^?]*\.js$/i, banner: /AngularJS v(1\.\d+\.\d+)/,
        weaknesses: [{ from: "", below: "1.8.0", cve: "CVE-2020-7676" }]
    },
    {
        name: "lodash", file: /(?:^|\/)lodash(?:\.js)?[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /@license\s+(?:\*\s+)?[Ll]odash (\d+\.\d+\.\d+)/,
        weaknesses: [{ from: "", below: "4.17.21", cve: "CVE-2021-23337" }]
    },
    {
        name: "moment", file: /(?:^|\/)moment(?:\.js)?[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /\/\/! version : (\d+\.\d+\.\d+)/,
        weaknesses: [{ from: "2.18.0", below: "2.29.4", cve: "CVE-2022-31129" }]
    },
    {
        name: "handlebars", file: /(?:^|\/)handlebars(?:\.js)?[-.@\/]v?(\d+\.\d+\.\d+)[^?]*\.js$/i, banner: /handlebars v(\d+\.\d+\.\d+)/,
        weaknesses: [{ from: "", below: "4.7.7", cve: "CVE-2021-23369" }]
    }
];
function compareVersions(a, b) {
    var x = a.split(".");
    var y = b.split(".");
    for (var i = 0; i < 3; i++) {
        var difference = Number(x[i] || 0) - Number(y[i] || 0);
        if (difference !== 0) {
            return difference;
        }
    }
    return 0;
}
function checkLibrary(out, url, text, evidence) {
    for (var i = 0; i < libraries.length; i++) {
        var library = libraries[i];
        var banner = text === null ? null : library.banner.exec(text.substr(0, 1000));
        var file = library.file.exec(url.path);
        var version = banner ? banner[1] : file ? file[1] : "";
        if (version === "") {
            continue;
        }
        var cve = [];
        for (var w = 0; w < library.weaknesses.length; w++) {
            var weakness = library.weaknesses[w];
            if (compareVersions(version, weakness.below) < 0 && (weakness.from === "" || compareVersions(version, weakness.from) >= 0)) {
                cve.push(weakness.cve);
            }
        }
        if (cve.length > 0) {
            out.report("vulnerable-library", locationOf(url), evidence, {
                parameter: library.name, match: banner ? banner[0] : url.path,
                cve: cve,
                note: library.name + " " + version + ", known from the " + (banner ? "banner of the file" : "address") + ": " + cve.join(", ") + "."
            });
        }
        return;
    }
}
var sqlDump = /^\s*(-- (MySQL|MariaDB|PostgreSQL|phpMyAdmin)|\/\*!40\d{3}|PRAGMA foreign_keys)|SQLite format 3|\b(create table|insert into|drop table)\s+[`"\[\w]/i;
var phpSource = /^\s*<\?php\b|^\s*<\?=/;
var passwordLine = /(?:^|\n)[A-Za-z0-9._@-]{1,64}:(?:\$apr1\$|\$2[aby]\$|\{SHA\}|\$[56]\$|[.\/0-9A-Za-z]{13}\s*(?:\n|$))/;
var archive = /^(PK\u0003\u0004|\u001f[\u008b\ufffd]\b|\u001f[\u008b\ufffd]\u0008|Rar!\u001a|7z[\u00bc\ufffd])/;
var exposures = [
    { rule: "exposed-git", paths: [".git/HEAD"], proof: /^(ref: refs\/|[0-9a-f]{40}\s*$)/, place: ".git/" },
    { rule: "exposed-git", paths: [".git/config"], proof: /^[ \t]*\[core\]/m, place: ".git/", secret: true },
    { rule: "exposed-svn", paths: [".svn/entries"], proof: /^\d{1,2}\s*\n(\s*\n)?(dir\b|\d{1,2}\s*$)|^\d{1,2}\n\s*dir\n/, place: ".svn/" },
    { rule: "exposed-svn", paths: [".svn/wc.db"], proof: /^SQLite format 3/, place: ".svn/" },
    { rule: "exposed-env", paths: [".env"], proof: /^(?:#[^\n]*\n|[ \t\r]*\n)*(?:export )?[A-Z][A-Z0-9_]{2,60}\s*=/, secret: true },
    { rule: "exposed-ds-store", paths: [".DS_Store"], proof: /^[\s\S]{0,8}Bud1/ },
    { rule: "exposed-backup-archive", paths: ["backup.zip", "backup.tar.gz"], proof: archive },
    { rule: "exposed-database-dump", paths: ["backup.sql", "db.sql", "dump.sql", "database.sql"], proof: sqlDump, secret: true },
    { rule: "exposed-source-backup", paths: ["config.php.bak", "index.php.bak", "wp-config.php.bak", "wp-config.php~"], proof: phpSource, secret: true },
    { rule: "exposed-htpasswd", paths: [".htpasswd"], proof: passwordLine, secret: true },
    { rule: "exposed-web-config", paths: ["web.config"], proof: /<configuration[\s>]/i, also: /<(system\.web|appSettings|connectionStrings|system\.webServer)\b/i, secret: true },
    { rule: "server-status", paths: ["server-status"], proof: /<title>Apache Status<\/title>/i, html: true },
    { rule: "phpinfo", paths: ["phpinfo.php", "info.php"], proof: /<title>(PHP [\d.]+\S* - )?phpinfo\(\)<\/title>/i, html: true },
    { rule: "exposed-actuator", paths: ["actuator/env"], proof: /"propertySources"\s*:\s*\[/, place: "actuator/" },
    { rule: "exposed-pprof", paths: ["debug/pprof/"], proof: /<title>\/debug\/pprof\/<\/title>/i, html: true },
    { rule: "exposed-api-description", paths: ["openapi.json", "swagger.json", "swagger/v1/swagger.json", "v3/api-docs"], proof: /^\s*\{[\s\S]{0,20000}"(openapi|swagger)"\s*:\s*"[\d.]+"/ },
    { rule: "crossdomain-wildcard", paths: ["crossdomain.xml"], proof: /<allow-access-from\s[^>]{0,200}domain\s*=\s*["']\*["']/i },
    { rule: "phpmyadmin", paths: ["phpmyadmin/"], proof: /<title>[^<]{0,60}phpMyAdmin[^<]{0,40}<\/title>/i, also: /pma_username|pmahomme/, html: true }
];
var namedFiles = [
    { name: /\.(sql|dump)$/i, rule: "exposed-database-dump", proof: sqlDump, secret: true },
    { name: /\.(sqlite3?|db)$/i, rule: "exposed-database-dump", proof: /^SQLite format 3/ },
    { name: /\/\.env(\.[a-z]+)?$/i, rule: "exposed-env", proof: /^(?:#[^\n]*\n|[ \t\r]*\n)*(?:export )?[A-Z][A-Z0-9_]{2,60}\s*=/, secret: true },
    { name: /\.(php|inc|phtml)(\.(bak|old|orig|save|swp|txt)|~)$|\.(bak|old|orig|inc)$/i, rule: "exposed-source-backup", proof: phpSource, secret: true },
    { name: /(backup|bak|dump)[^\/]*\.(zip|tar|tgz|tar\.gz|gz|7z|rar)$/i, rule: "exposed-backup-archive", proof: archive },
    { name: /\/\.htpasswd$/i, rule: "exposed-htpasswd", proof: passwordLine, secret: true }
];
function judgeNamedFile(out, reply, impossible) {
    for (var i = 0; i < namedFiles.length; i++) {
        var kind = namedFiles[i];
        if (kind.name.test(reply.url.path) && proves(reply, kind.proof, false, impossible)) {
            reportExposure(out, kind.rule, reply.location, reply, kind.proof, kind.secret);
            return;
        }
    }
}
function proves(reply, proof, html, impossible) {
    return (reply.status === 200 || reply.status === 206) && (html || !looksLikeHtml(reply)) && proof.test(reply.text()) && !proof.test(impossible);
}
function looksLikeHtml(reply) {
    return reply.isHtml() && /^\s*(<!doctype html|<html|<head|<body|<!--)/i.test(reply.text());
}
function reportExposure(out, name, location, reply, proof, secret) {
    var m = proof.exec(reply.text());
    out.report(name, location, reply, { match: m ? m[0].substr(0, 200) : "", secret: secret });
}
var listingTitles = /<title>\s*(?:Index of|Directory listing for|Directory Listing For|listing directory|Directory:)\s*\[?([^<\]]{0,300})/i;
var goListing = /^(?:<!doctype html>\s*<meta name="viewport"[^>]{0,100}>\s*)?<pre>\n<a href="[^"]{1,500}">/;
var iisListing = /<A HREF="[^"]{1,500}">\[To Parent Directory\]<\/A>/i;
function isListing(reply) {
    if (reply.status !== 200 || reply.url.path.charAt(reply.url.path.length - 1) !== "/") {
        return "";
    }
    var text = reply.text();
    var title = listingTitles.exec(text);
    if (title) {
        var shown = decodePart(decodeEntities(title[1])).replace(/^\s+|\s+$/g, "");
        var asked = decodePart(reply.url.path);
        var same = shown.replace(/\/+$/, "") === asked.replace(/\/+$/, "") || shown.replace(/^[^\/]+/, "").replace(/\/+$/, "") === asked.replace(/\/+$/, "");
        return same && (shown !== "" || asked === "/") ? title[0] : "";
    }
    var other = goListing.exec(text) || iisListing.exec(text);
    return other ? other[0] : "";
}
function checkListing(out, reply) {
    var proof = isListing(reply);
    if (proof !== "") {
        out.report("directory-listing", reply.location, reply, { match: proof });
    }
}
var strangeOrigin = "https://secflow-probe.invalid";
function checkCors(client, out, page) {
    var asked = client.send("cors", page.reply.url, "GET", { Origin: strangeOrigin });
    if (asked === null) {
        return;
    }
    var probe = { reply: asked, html: page.html, isStart: page.isStart };
    var allowed = asked.header("access-control-allow-origin");
    var credentials = /^\s*true\s*$/i.test(asked.header("access-control-allow-credentials"));
    if (allowed === strangeOrigin && credentials) {
        pageFault(out, "cors-any-origin", probe, { match: allowed });
        return;
    }
    if (allowed === "*" && credentials) {
        pageFault(out, "cors-wildcard-credentials", probe, { match: allowed });
        return;
    }
    var nulled = client.send("cors", page.reply.url, "GET", { Origin: "null" });
    if (nulled !== null && nulled.header("access-control-allow-origin") === "null"
        && /^\s*true\s*$/i.test(nulled.header("access-control-allow-credentials"))) {
        pageFault(out, "cors-null-origin", { reply: nulled, html: page.html, isStart: page.isStart }, { match: "null" });
    }
}
function checkMethods(client, out, start) {
    var site = originOf(start) + "/";
    var token = "secflow-7f3a91";
    var trace = client.send("methods", start, "TRACE", { "X-Probe": token });
    if (trace !== null && trace.status === 200 && trace.text().indexOf(token) >= 0
        && (/^\s*message\/http/i.test(trace.header("content-type")) || /^TRACE /.test(trace.text()))) {
        out.report("trace-enabled", site, trace, { match: token });
    }
    var options = client.send("methods", start, "OPTIONS");
    if (options === null || options.status >= 400) {
        return;
    }
    var offered = options.header("allow").toUpperCase().split(/[\s,]+/);
    var dangerous = [];
    for (var i = 0; i < offered.length; i++) {
        if (/^(PUT|DELETE|CONNECT|MKCOL|MOVE|COPY|PROPPATCH)$/.test(offered[i])) {
            dangerous.push(offered[i]);
        }
    }
    if (dangerous.length > 0) {
        out.report("dangerous-methods", site, options, { match: options.header("allow"), note: "Offered: " + dangerous.join(", ") + "." });
    }
}
function checkFiles(client, out, base, impossible) {
    for (var i = 0; i < exposures.length; i++) {
        var exposure = exposures[i];
        if (out.skips("web-baseline." + exposure.rule)) {
            continue;
        }
        for (var p = 0; p < exposure.paths.length; p++) {
            var url = resolveUrl(base, exposure.paths[p]);
            var place = url === null ? null : resolveUrl(base, exposure.place || exposure.paths[p]);
            if (url === null || place === null || out.has(exposure.rule, locationOf(place))) {
                continue;
            }
            var reply = client.send("files", url);
            if (reply !== null && proves(reply, exposure.proof, exposure.html === true, impossible)
                && (!exposure.also || exposure.also.test(reply.text()))) {
                reportExposure(out, exposure.rule, locationOf(place), reply, exposure.proof, exposure.secret);
            }
        }
    }
    checkRobots(client, out, base);
}
function checkRobots(client, out, base) {
    var url = resolveUrl(base, "robots.txt");
    var reply = url === null || out.skips("web-baseline.robots-reveals") ? null : client.send("files", url);
    if (reply === null || reply.status !== 200 || reply.isHtml() || !/^[ \t]*user-agent[ \t]*:/im.test(reply.text())) {
        return;
    }
    var m = /^[ \t]*disallow[ \t]*:[ \t]*(\/[^\s#]*(admin|backup|internal|private|secret|staging|database|config)[^\s#]*)/im.exec(reply.text());
    if (m) {
        out.report("robots-reveals", reply.location, reply, { match: m[0].replace(/^\s+/, "") });
    }
}
var redirectNames = /^(url|uri|next|goto|go|to|target|dest|destination|redir|redirect|redirect_uri|redirect_url|return|returnurl|return_url|returnto|return_to|continue|forward|out|link)$/i;
var strangePlace = "https://secflow-probe.invalid/";
function checkRedirects(client, out, links) {
    var tried = {};
    for (var i = 0; i < links.length; i++) {
        var parts = links[i].query.substr(1).split("&");
        for (var p = 0; p < parts.length; p++) {
            var name = decodePart(parts[p].split("=")[0]);
            var value = decodePart(parts[p].substr(parts[p].indexOf("=") + 1));
            var key = links[i].path + "\n" + name;
            if (tried.hasOwnProperty(key) || parts[p].indexOf("=") < 0 || !(redirectNames.test(name) || /^(https?:\/\/|\/[\w\/])/.test(value))) {
                continue;
            }
            tried[key] = true;
            var changed = parts.slice(0);
            changed[p] = parts[p].split("=")[0] + "=" + encodeURIComponent(strangePlace);
            var reply = client.send("redirects", { scheme: links[i].scheme, host: links[i].host, path: links[i].path, query: "?" + changed.join("&") });
            var sent = reply === null ? "" : reply.header("location");
            if (reply !== null && reply.status >= 300 && reply.status < 400 && sent.substr(0, strangePlace.length) === strangePlace) {
                out.report("open-redirect", reply.location, reply, { parameter: name, match: sent });
            }
        }
    }
}
var leave = /log-?out|sign-?out|log-?off|delete|remove|destroy|unsubscribe|cancel|purchase|checkout/i;
var mostKnown = 500;
var assets = " css js mjs map png jpg jpeg gif svg ico webp avif woff woff2 ttf eot mp3 mp4 webm pdf doc docx xls xlsx ppt iso exe dmg apk wasm ";
var pathInText = /(?:^|[\s"'(=,])(\/[A-Za-z0-9._~-][A-Za-z0-9._~\/-]{0,150})/g;
var Crawl = (function () {
    function Crawl(client, out, start, impossible) {
        this.client = client;
        this.out = out;
        this.impossible = impossible;
        this.queue = [];
        this.known = {};
        this.knownFolders = {};
        this.knownScripts = {};
        this.site = { start: start, pages: [], scripts: [], folders: [], links: [] };
        this.known[start.reply.location] = true;
    }
    Crawl.prototype.run = function (maxPages, progress) {
        this.visit(this.site.start);
        for (var i = 0; i < this.queue.length && this.site.pages.length < maxPages; i++) {
            var reply = this.client.send("pages", this.queue[i]);
            if (reply !== null) {
                this.visit({ reply: reply, html: parseHtml(reply.isHtml() ? reply.text() : ""), isStart: false });
                progress(this.site.pages.length);
            }
        }
        return this.site;
    };
    Crawl.prototype.visit = function (page) {
        this.site.pages.push(page);
        checkDisclosure(this.out, page.reply);
        checkCookies(this.out, page.reply);
        checkPageHeaders(this.out, page);
        checkContent(this.out, page);
        checkListing(this.out, page.reply);
        judgeNamedFile(this.out, page.reply, this.impossible);
        this.collect(page);
    };
    Crawl.prototype.collect = function (page) {
        var base = page.reply.url;
        this.addFolders(base);
        var moved = page.reply.header("location");
        if (moved !== "" && page.reply.status >= 300 && page.reply.status < 400) {
            this.add(resolveUrl(base, moved));
        }
        var tags = page.html.tags;
        var seen = {};
        for (var i = 0; i < tags.length; i++) {
            var link = attribute(tags[i], "href") || attribute(tags[i], "src") || attribute(tags[i], "action");
            if (!link || seen.hasOwnProperty(link)) {
                continue;
            }
            seen[link] = true;
            var url = resolveUrl(base, link);
            if (tags[i].name === "script" && url !== null && !this.knownScripts.hasOwnProperty(locationOf(url))) {
                this.knownScripts[locationOf(url)] = true;
                this.site.scripts.push({ url: url, page: page });
            }
            this.add(url);
        }
        var comments = page.html.comments;
        for (var i = 0; i < comments.length; i++) {
            pathInText.lastIndex = 0;
            for (var m = pathInText.exec(comments[i]); m; m = pathInText.exec(comments[i])) {
                this.add(resolveUrl(base, m[1].replace(/[.~-]+$/, "")));
            }
        }
    };
    Crawl.prototype.add = function (url) {
        if (url === null || originOf(url) !== originOf(this.site.start.reply.url) || leave.test(url.path + url.query)) {
            return;
        }
        this.addFolders(url);
        if (url.query !== "" && this.site.links.length < mostKnown) {
            this.site.links.push(url);
        }
        var location = locationOf(url);
        if (this.queue.length < mostKnown && !this.known.hasOwnProperty(location) && assets.indexOf(" " + extensionOf(url) + " ") < 0) {
            this.known[location] = true;
            this.queue.push(url);
        }
    };
    Crawl.prototype.addFolders = function (url) {
        for (var at = url.path.lastIndexOf("/"); at > 0 && this.site.folders.length < mostKnown; at = url.path.lastIndexOf("/", at - 1)) {
            var folder = { scheme: url.scheme, host: url.host, path: url.path.substring(0, at + 1), query: "" };
            if (!this.knownFolders.hasOwnProperty(folder.path)) {
                this.knownFolders[folder.path] = true;
                this.site.folders.push(folder);
            }
        }
    };
    Crawl.prototype.visited = function (url) {
        for (var i = 0; i < this.site.pages.length; i++) {
            if (this.site.pages[i].reply.location === locationOf(url)) {
                return true;
            }
        }
        return false;
    };
    return Crawl;
}());
var mostFolders = 40;
var mostScripts = 20;
var mostCorsPages = 40;
var usualFolders = ["admin/", "backup/", "files/", "images/", "uploads/"];
function configOf(given) {
    var c = given || {};
    return {
        maxPages: c.maxPages || 40, maxRequests: c.maxRequests || 300, timeoutMs: c.timeoutMs || 10000, maxBytes: c.maxBytes || 262144, skip: c.skip || []
    };
}
function fetchStart(client, out, url) {
    var reply = client.send("pages", url);
    for (var hop = 0; reply !== null && hop < 5 && reply.status >= 300 && reply.status < 400; hop++) {
        var next = resolveUrl(reply.url, reply.header("location"));
        if (next === null || originOf(next) !== originOf(url)) {
            break;
        }
        checkDisclosure(out, reply);
        checkCookies(out, reply);
        reply = client.send("pages", next) || reply;
        if (fullUrl(reply.url) !== fullUrl(next)) {
            break;
        }
    }
    return reply;
}
function checkScripts(client, out, site) {
    for (var i = 0; i < site.scripts.length && i < mostScripts; i++) {
        var script = site.scripts[i];
        if (originOf(script.url) !== originOf(site.start.reply.url)) {
            checkLibrary(out, script.url, null, script.page.reply);
            continue;
        }
        var reply = client.send("scripts", script.url);
        if (reply === null || reply.status !== 200 || looksLikeHtml(reply)) {
            continue;
        }
        checkLibrary(out, script.url, reply.text(), reply);
        checkSecrets(out, reply);
        checkSourceMap(client, out, reply);
    }
}
function checkSourceMap(client, out, script) {
    var m = /\/[\/*][#@]\s*sourceMappingURL=([^\s*]{1,500})/.exec(script.text().slice(-2000));
    var url = m && !/^data:/i.test(m[1]) ? resolveUrl(script.url, m[1]) : null;
    if (url === null || originOf(url) !== originOf(script.url)) {
        return;
    }
    var map = client.send("scripts", url);
    if (map !== null && map.status === 200 && /^\s*(\)\]\}'[^\n]*\n)?\{[\s\S]{0,2000}"version"\s*:\s*3\b/.test(map.text())) {
        out.report("source-map", locationOf(url), map, { match: "\"version\"" });
    }
}
function checkFolders(client, out, crawl, base) {
    var folders = crawl.site.folders.slice(0, mostFolders);
    for (var i = 0; i < usualFolders.length; i++) {
        var url = resolveUrl(base, usualFolders[i]);
        if (url !== null) {
            folders.push(url);
        }
    }
    var asked = {};
    for (var i = 0; i < folders.length; i++) {
        if (asked.hasOwnProperty(folders[i].path) || crawl.visited(folders[i])) {
            continue;
        }
        asked[folders[i].path] = true;
        var reply = client.send("directories", folders[i]);
        if (reply !== null) {
            checkListing(out, reply);
        }
    }
}
function assess(ctx, config, client, out, start, share) {
    var base = start.url;
    var nowhere = resolveUrl(base, "secflow-" + (fullUrl(base).length * 7919 + 104729).toString(10) + "-nothing-here");
    var missing = nowhere === null ? null : client.send("pages", nowhere);
    var impossible = "";
    if (missing !== null) {
        checkDisclosure(out, missing);
        checkErrors(out, missing, originOf(base) + "/");
        impossible = missing.status < 400 ? missing.text() : "";
    }
    share(5, "Reading pages");
    var page = { reply: start, html: parseHtml(start.isHtml() ? start.text() : ""), isStart: true };
    var crawl = new Crawl(client, out, page, impossible);
    var site = crawl.run(config.maxPages, function (done) {
        share(5 + 30 * done / config.maxPages, "Read " + done + " pages");
    });
    ctx.log.info("Read " + site.pages.length + " pages, " + site.scripts.length + " scripts named.");
    share(35, "Methods");
    checkMethods(client, out, base);
    share(40, "Exposed files");
    checkFiles(client, out, base, impossible);
    share(65, "Directories");
    checkFolders(client, out, crawl, base);
    share(80, "Scripts");
    checkScripts(client, out, site);
    share(88, "CORS");
    var asked = 0;
    for (var i = 0; i < site.pages.length && asked < mostCorsPages; i++) {
        if (site.pages[i].isStart || (site.pages[i].reply.status >= 200 && site.pages[i].reply.status < 300)) {
            asked++;
            checkCors(client, out, site.pages[i]);
        }
    }
    share(96, "Redirects");
    checkRedirects(client, out, site.links);
}
function assessedRules(client, out, ended) {
    var ids = [];
    for (var i = 0; ended && i < rules.length; i++) {
        if (!client.incomplete.hasOwnProperty(rules[i].stage) && !out.skips(rules[i].id)) {
            ids.push(rules[i].id);
        }
    }
    return ids;
}
function scanTarget(ctx, config, target, index) {
    var url = target.url ? parseUrl(target.url) : null;
    if (url === null) {
        ctx.verdict("misused", "A target of kind " + target.kind + " has no http address; this plugin needs a url or a host.", { target: target.id, checks: [] });
        return;
    }
    var client = new Client(ctx, config);
    var out = new Reporter(ctx, config.skip);
    var share = function (part, text) {
        ctx.progress(Math.min(100, (index + part / 100) * 100 / ctx.targets.length), text + ": " + url.host);
    };
    try {
        share(0, "Start page");
        var start = fetchStart(client, out, url);
        if (start === null) {
            ctx.verdict("unreachable", "The start page " + fullUrl(url) + " gave no answer. " + client.lastError, { target: target.id, checks: [] });
            return;
        }
        assess(ctx, config, client, out, start, share);
        var away = start.status >= 300 && start.status < 400 ? resolveUrl(start.url, start.header("location")) : null;
        if (away !== null) {
            client.incomplete["pages"] = true;
            ctx.verdict("partial", "The start page leads to " + locationOf(away) + ", which is not this target: its pages were not looked at.", { target: target.id, checks: assessedRules(client, out, true) });
        }
        else if (client.failures > 0) {
            ctx.verdict("partial", client.failures + " of " + client.requests + " requests failed. Last: " + client.lastError, { target: target.id, checks: assessedRules(client, out, true) });
        }
        else {
            ctx.verdict("completed", client.requests + " requests, " + out.count + " findings.", { target: target.id, checks: assessedRules(client, out, true) });
        }
    }
    catch (e) {
        if (!(e instanceof Stop)) {
            throw e;
        }
        ctx.verdict("partial", e.message, { target: target.id, checks: assessedRules(client, out, false) });
    }
}
module.exports = {
    execute: function (ctx) {
        var config = configOf(ctx.config);
        for (var i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
            scanTarget(ctx, config, ctx.targets[i], i);
        }
        ctx.progress(100, "Done");
    }
};
