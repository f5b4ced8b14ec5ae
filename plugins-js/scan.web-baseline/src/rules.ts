/** When a rule is looked at; a failed request makes the rules of its stage "not assessed". */
type Stage = "pages" | "methods" | "cors" | "files" | "directories" | "scripts" | "redirects";

interface Rule {
  id: string;
  stage: Stage;
  title: string;
  severity: SecFlow.Severity;
  confidence: number;
  cwe: number[];
  owasp: string;
  description: string;
  remediation: string;
}

/** The one table of rules; README.md repeats its first columns and a test compares them. */
const rules: Rule[] = [];

function rule(
  id: string, stage: Stage, severity: SecFlow.Severity, confidence: number, cwe: number[], owasp: string,
  title: string, description: string, remediation: string
): void {
  rules.push({ id: "web-baseline." + id, stage, title, severity, confidence, cwe, owasp, description, remediation });
}

rule("missing-csp", "pages", "medium", 95, [693], "A05:2021", "Content-Security-Policy is missing",
  "The page sends no Content-Security-Policy, so a script that an attacker manages to inject runs without restraint.",
  "Send a Content-Security-Policy that allows scripts from known places only, for example default-src 'self'; object-src 'none'; base-uri 'self'.");
rule("weak-csp", "pages", "low", 90, [693], "A05:2021", "Content-Security-Policy allows inline or arbitrary scripts",
  "The Content-Security-Policy lets scripts run that an attacker could inject: unsafe-inline without nonce or hash, unsafe-eval, or scripts from anywhere.",
  "Replace unsafe-inline by nonces or hashes, drop unsafe-eval, and name the hosts of scripts.");
rule("missing-hsts", "pages", "medium", 95, [319], "A05:2021", "Strict-Transport-Security is missing",
  "The site is served over HTTPS without Strict-Transport-Security (or with a duration under one day), so the first request of a visitor can be taken over HTTP.",
  "Send Strict-Transport-Security: max-age=31536000; includeSubDomains on every HTTPS answer.");
rule("missing-content-type-options", "pages", "low", 95, [693], "A05:2021", "X-Content-Type-Options is missing",
  "Without X-Content-Type-Options: nosniff some browsers guess the type of an answer and may run uploaded text as script.",
  "Send X-Content-Type-Options: nosniff on every answer.");
rule("missing-frame-protection", "pages", "medium", 95, [1021], "A05:2021", "Nothing forbids framing by other sites",
  "Neither X-Frame-Options nor frame-ancestors of a Content-Security-Policy is sent, so another site can show the page in a frame and steal clicks.",
  "Send Content-Security-Policy: frame-ancestors 'self' or X-Frame-Options: DENY.");
rule("missing-referrer-policy", "pages", "low", 90, [200], "A05:2021", "Referrer-Policy is missing or unsafe",
  "Without a Referrer-Policy older browsers send the full address of the page, with its parameters, to other sites.",
  "Send Referrer-Policy: strict-origin-when-cross-origin or no-referrer.");
rule("missing-permissions-policy", "pages", "info", 90, [693], "A05:2021", "Permissions-Policy is missing",
  "The page does not say which browser features (camera, location, ...) embedded content may use.",
  "Send a Permissions-Policy that switches off what the site does not need.");
rule("missing-charset", "pages", "low", 85, [116], "A05:2021", "The page declares no character set",
  "Neither Content-Type nor a meta element at the start of the page names a character set; a browser that guesses may read harmless text as markup.",
  "Send Content-Type: text/html; charset=utf-8.");
rule("cacheable-session", "pages", "low", 80, [525], "A04:2021", "An answer that sets a session cookie may be cached",
  "The answer sets a session cookie but has no Cache-Control of no-store, no-cache or private: a shared cache may hand the session to another visitor.",
  "Send Cache-Control: no-store with every answer that sets or depends on a session.");
rule("server-version", "pages", "low", 95, [200], "A05:2021", "The Server header names a version",
  "The version of the server software is told to everyone and makes the search for a matching exploit easy.",
  "Switch the version off (ServerTokens Prod, server_tokens off).");
rule("powered-by", "pages", "low", 95, [200], "A05:2021", "A header names the framework",
  "A header names the technology behind the site, often with its version.",
  "Remove the header in the configuration of the framework or at the proxy.");
rule("generator", "pages", "info", 95, [200], "A05:2021", "A generator element names a version",
  "The page names the software that made it, with its version.",
  "Remove the generator element.");
rule("wordpress-version", "pages", "low", 95, [200], "A06:2021", "The WordPress version is disclosed",
  "The page names the version of WordPress; known weaknesses of that version can be looked up.",
  "Remove the generator element and keep WordPress up to date.");
rule("cookie-no-httponly", "pages", "medium", 90, [1004], "A05:2021", "A session cookie can be read by scripts",
  "The cookie looks like a session and has no HttpOnly attribute: any injected script can steal it.",
  "Set HttpOnly on the cookie.");
rule("cookie-no-secure", "pages", "medium", 90, [614], "A05:2021", "A session cookie may travel over HTTP",
  "The cookie looks like a session and is set over HTTPS without the Secure attribute.",
  "Set Secure on the cookie.");
rule("cookie-no-samesite", "pages", "low", 90, [1275], "A01:2021", "A session cookie has no SameSite attribute",
  "The cookie looks like a session and leaves it to the browser whether other sites may send requests with it.",
  "Set SameSite=Lax or Strict on the cookie.");
rule("private-address", "pages", "low", 70, [200], "A05:2021", "A private IP address is disclosed",
  "The answer contains an address of an internal network, which helps an attacker to map it.",
  "Remove the address from the answer.");
rule("secret-in-comment", "pages", "high", 75, [615, 798], "A05:2021", "An HTML comment contains a credential",
  "A comment in the page, readable by everyone, contains what looks like a password, key or token.",
  "Remove the comment and change the credential.");
rule("revealing-comment", "pages", "low", 80, [615], "A05:2021", "An HTML comment reveals internal work",
  "A comment in the page holds a note of the developers or points to a file that is not meant for visitors.",
  "Strip comments when the site is built.");
rule("secret-in-page", "pages", "high", 85, [540, 798], "A07:2021", "A page or script contains an access key",
  "The answer contains a text with the exact form of an access key of a known service.",
  "Remove the key, revoke it, and keep such keys on the server.");
rule("debug-error", "pages", "medium", 90, [209, 489], "A05:2021", "A debug page or stack trace is shown",
  "An error answer shows the inside of the application: a stack trace, a debug page of the framework or an error of the database.",
  "Switch debug mode off and show a neutral error page.");
rule("default-page", "pages", "info", 90, [1188], "A05:2021", "The default page of a server is shown",
  "The site shows the page that its server installs by default: it may be unfinished, unused or forgotten.",
  "Replace the page, or take the server off the network.");
rule("mixed-content", "pages", "medium", 90, [311], "A02:2021", "An HTTPS page loads content over HTTP",
  "The page is served over HTTPS but loads scripts, styles, frames or media over plain HTTP, which anyone on the way can change.",
  "Load everything over HTTPS.");
rule("password-over-http", "pages", "high", 90, [319], "A02:2021", "A password is sent over HTTP",
  "A form with a password field is shown on, or sends to, an address without encryption: anyone on the way can read the password.",
  "Serve the form and its destination over HTTPS only.");
rule("password-in-url", "pages", "medium", 90, [598], "A04:2021", "A form sends a password in the address",
  "A form with a password field uses the method GET: the password ends in the address, the history and the logs.",
  "Use the method POST.");
rule("session-in-url", "pages", "medium", 85, [598], "A07:2021", "A session identifier is part of an address",
  "A link carries a session identifier, which leaks through history, logs and the Referer header.",
  "Keep sessions in cookies only.");
rule("basic-auth-over-http", "pages", "medium", 95, [522], "A02:2021", "Basic authentication without encryption",
  "The answer asks for Basic authentication over plain HTTP: name and password travel readable with every request.",
  "Serve the page over HTTPS only.");
rule("missing-integrity", "pages", "low", 85, [353], "A08:2021", "A script of another site has no integrity check",
  "The page runs a script from another host without an integrity attribute: whoever controls that host controls the page.",
  "Add integrity and crossorigin attributes, or serve the script yourself.");
rule("cors-any-origin", "cors", "high", 95, [942], "A05:2021", "CORS trusts every origin with credentials",
  "The answer repeats an arbitrary Origin in Access-Control-Allow-Origin and allows credentials: any site can read the data of a signed-in visitor.",
  "Allow a fixed list of origins only.");
rule("cors-null-origin", "cors", "medium", 95, [942], "A05:2021", "CORS trusts the origin null with credentials",
  "The answer allows the origin null with credentials; a sandboxed frame on any site has that origin.",
  "Never allow the origin null.");
rule("cors-wildcard-credentials", "cors", "low", 90, [942], "A05:2021", "CORS combines a wildcard with credentials",
  "The answer sends Access-Control-Allow-Origin: * together with credentials. Browsers refuse the pair, but it shows that every origin was meant to be trusted.",
  "Name the origins that may read the answer, or drop the credentials.");
rule("trace-enabled", "methods", "low", 95, [693], "A05:2021", "The method TRACE is enabled",
  "The server returns requests as it received them, which can reveal headers that are added or hidden on the way.",
  "Switch TRACE off (TraceEnable off).");
rule("dangerous-methods", "methods", "low", 50, [650], "A05:2021", "Methods that change files are offered",
  "The Allow header of an OPTIONS answer offers methods that write or delete. They were not tried.",
  "Switch off the methods that the site does not need.");
rule("directory-listing", "directories", "medium", 95, [548], "A05:2021", "A directory lists its files",
  "The server shows the content of a directory: files that no page links to can be found.",
  "Switch directory listings off (Options -Indexes, autoindex off).");
rule("exposed-git", "files", "high", 95, [527], "A05:2021", "A Git repository is exposed",
  "Files of a .git folder are served: the source and its history can be downloaded.",
  "Block .git at the server, and change every credential that the history contains.");
rule("exposed-svn", "files", "high", 95, [527], "A05:2021", "A Subversion working copy is exposed",
  "Files of a .svn folder are served: the source can be downloaded.",
  "Block .svn at the server.");
rule("exposed-env", "files", "critical", 95, [538], "A05:2021", "An environment file is exposed",
  "A .env file with settings, usually including credentials, is served to everyone.",
  "Move the file out of the web root and change every credential in it.");
rule("exposed-database-dump", "files", "critical", 95, [530], "A05:2021", "A database dump is exposed",
  "A dump of a database is served to everyone.",
  "Remove the file from the web root; treat its content as leaked.");
rule("exposed-backup-archive", "files", "high", 90, [530], "A05:2021", "A backup archive is exposed",
  "An archive with the name of a backup is served to everyone.",
  "Remove the file from the web root; treat its content as leaked.");
rule("exposed-source-backup", "files", "high", 95, [530], "A05:2021", "A backup copy of source code is exposed",
  "A copy of a script is served as text, with the source and often credentials in it.",
  "Remove the copy from the web root and change credentials in it.");
rule("exposed-htpasswd", "files", "high", 95, [538], "A05:2021", "A password file is exposed",
  "A .htpasswd file with names and password hashes is served.",
  "Move the file out of the web root and change the passwords.");
rule("exposed-web-config", "files", "high", 95, [538], "A05:2021", "A configuration file is exposed",
  "A web.config file is served with the settings of the application.",
  "Let the server refuse the file, and change credentials in it.");
rule("exposed-ds-store", "files", "low", 95, [538], "A05:2021", "A .DS_Store file is exposed",
  "A file of the Finder is served; it names the files of its folder.",
  "Remove the file and block its name at the server.");
rule("server-status", "files", "medium", 95, [200], "A05:2021", "The server's status page is public",
  "The status page shows requests and addresses of other visitors.",
  "Allow the page to administrators only.");
rule("phpinfo", "files", "medium", 95, [200], "A05:2021", "A phpinfo page is public",
  "The page shows versions, paths, settings and environment of the server.",
  "Remove the file.");
rule("exposed-actuator", "files", "high", 95, [200], "A05:2021", "Spring Boot Actuator is public",
  "The environment of the application can be read through its management endpoint.",
  "Expose health and info only, the rest behind authentication.");
rule("exposed-pprof", "files", "medium", 95, [200], "A05:2021", "Go profiling pages are public",
  "Profiles of the running program can be taken by everyone, which discloses its inside and costs it time.",
  "Serve the profiling pages on an internal address only.");
rule("exposed-api-description", "files", "info", 90, [200], "A05:2021", "The description of the API is public",
  "An OpenAPI or Swagger document lists every endpoint. This may be meant so.",
  "If the API is not meant for everyone, put its description behind authentication.");
rule("crossdomain-wildcard", "files", "medium", 95, [942], "A05:2021", "crossdomain.xml trusts every site",
  "The policy file lets content of every site read answers of this one.",
  "Remove the file or name the sites that are trusted.");
rule("phpmyadmin", "files", "medium", 90, [284], "A05:2021", "phpMyAdmin is public",
  "The administration of the database can be reached by everyone.",
  "Allow it from administrators' addresses only.");
rule("robots-reveals", "files", "info", 80, [200], "A01:2021", "robots.txt names hidden areas",
  "robots.txt names paths that look like administration, backups or internal data.",
  "Protect those areas by authentication; do not list them.");
rule("source-map", "scripts", "low", 90, [540], "A05:2021", "The source map of a script is public",
  "A script names a source map that is served: the original source can be read.",
  "Do not deploy source maps, or allow them from inside only.");
rule("vulnerable-library", "scripts", "medium", 75, [1104], "A06:2021", "A script library with known weaknesses is used",
  "The version of the library, as its file name or banner states, has known weaknesses. Whether the page can be attacked depends on how it uses the library.",
  "Update the library.");
rule("open-redirect", "redirects", "medium", 95, [601], "A01:2021", "The site redirects to any address",
  "A parameter of a link decides where the visitor is sent, also to other sites: useful for phishing and for stealing tokens.",
  "Redirect to a fixed list of destinations, or to paths of the site only.");

function findRule(id: string): Rule {
  for (let i = 0; i < rules.length; i++) {
    if (rules[i].id === id) {
      return rules[i];
    }
  }

  throw new Error("No rule " + id);
}
