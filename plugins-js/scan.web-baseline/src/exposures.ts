/** A file that must not be served. The status proves nothing: `proof` must hold for the content, and not for the answer to a path that cannot exist. */
interface Exposure {
  rule: string;
  paths: string[];
  proof: RegExp;
  /** Place of the finding when several paths show one fault; else the path itself. */
  place?: string;
  /** Must hold as well. Two small patterns cost less than one that spans the answer. */
  also?: RegExp;
  /** The proof is of markup or JSON: an HTML answer is fine. Otherwise HTML is no proof. */
  html?: boolean;
  secret?: boolean;
}

const sqlDump = /^\s*(-- (MySQL|MariaDB|PostgreSQL|phpMyAdmin)|\/\*!40\d{3}|PRAGMA foreign_keys)|SQLite format 3|\b(create table|insert into|drop table)\s+[`"\[\w]/i;
const phpSource = /^\s*<\?php\b|^\s*<\?=/;
// no flag m together with \$: the interpreter (Jint 2.10) never finishes reading such an expression
const passwordLine = /(?:^|\n)[A-Za-z0-9._@-]{1,64}:(?:\$apr1\$|\$2[aby]\$|\{SHA\}|\$[56]\$|[.\/0-9A-Za-z]{13}\s*(?:\n|$))/;
const archive = /^(PK\u0003\u0004|\u001f[\u008b\ufffd]\b|\u001f[\u008b\ufffd]\u0008|Rar!\u001a|7z[\u00bc\ufffd])/;

/** Looked for at every target, in this order. */
const exposures: Exposure[] = [
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

/** How a file that the site itself links or mentions is judged, by the end of its name. */
const namedFiles: Array<{ name: RegExp; rule: string; proof: RegExp; secret?: boolean }> = [
  { name: /\.(sql|dump)$/i, rule: "exposed-database-dump", proof: sqlDump, secret: true },
  { name: /\.(sqlite3?|db)$/i, rule: "exposed-database-dump", proof: /^SQLite format 3/ },
  { name: /\/\.env(\.[a-z]+)?$/i, rule: "exposed-env", proof: /^(?:#[^\n]*\n|[ \t\r]*\n)*(?:export )?[A-Z][A-Z0-9_]{2,60}\s*=/, secret: true },
  { name: /\.(php|inc|phtml)(\.(bak|old|orig|save|swp|txt)|~)$|\.(bak|old|orig|inc)$/i, rule: "exposed-source-backup", proof: phpSource, secret: true },
  { name: /(backup|bak|dump)[^\/]*\.(zip|tar|tgz|tar\.gz|gz|7z|rar)$/i, rule: "exposed-backup-archive", proof: archive },
  { name: /\/\.htpasswd$/i, rule: "exposed-htpasswd", proof: passwordLine, secret: true }
];

function judgeNamedFile(out: Reporter, reply: Answer, impossible: string): void {
  for (let i = 0; i < namedFiles.length; i++) {
    const kind = namedFiles[i];
    if (kind.name.test(reply.url.path) && proves(reply, kind.proof, false, impossible)) {
      reportExposure(out, kind.rule, reply.location, reply, kind.proof, kind.secret);
      return;
    }
  }
}

/** `impossible` = text of the answer to a path that cannot exist, when that answer was a success. */
function proves(reply: Answer, proof: RegExp, html: boolean, impossible: string): boolean {
  return (reply.status === 200 || reply.status === 206) && (html || !looksLikeHtml(reply)) && proof.test(reply.text()) && !proof.test(impossible);
}

function looksLikeHtml(reply: Answer): boolean {
  return reply.isHtml() && /^\s*(<!doctype html|<html|<head|<body|<!--)/i.test(reply.text());
}

function reportExposure(out: Reporter, name: string, location: string, reply: Answer, proof: RegExp, secret?: boolean): void {
  const m = proof.exec(reply.text());
  out.report(name, location, reply, { match: m ? m[0].substr(0, 200) : "", secret });
}

const listingTitles = /<title>\s*(?:Index of|Directory listing for|Directory Listing For|listing directory|Directory:)\s*\[?([^<\]]{0,300})/i;
const goListing = /^(?:<!doctype html>\s*<meta name="viewport"[^>]{0,100}>\s*)?<pre>\n<a href="[^"]{1,500}">/;
const iisListing = /<A HREF="[^"]{1,500}">\[To Parent Directory\]<\/A>/i;

/** True when the answer lists the directory that was asked for; a page that is merely titled so names another path. */
function isListing(reply: Answer): string {
  if (reply.status !== 200 || reply.url.path.charAt(reply.url.path.length - 1) !== "/") {
    return "";
  }

  const text = reply.text();
  const title = listingTitles.exec(text);
  if (title) {
    const shown = decodePart(decodeEntities(title[1])).replace(/^\s+|\s+$/g, "");
    const asked = decodePart(reply.url.path);
    const same = shown.replace(/\/+$/, "") === asked.replace(/\/+$/, "") || shown.replace(/^[^\/]+/, "").replace(/\/+$/, "") === asked.replace(/\/+$/, "");
    return same && (shown !== "" || asked === "/") ? title[0] : "";
  }

  const other = goListing.exec(text) || iisListing.exec(text);
  return other ? other[0] : "";
}

function checkListing(out: Reporter, reply: Answer): void {
  const proof = isListing(reply);
  if (proof !== "") {
    out.report("directory-listing", reply.location, reply, { match: proof });
  }
}
