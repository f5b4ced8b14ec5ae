"use strict";
var weaknesses = {
    15: ["External control of a system or configuration setting", 5], 16: ["Configuration", 5], 20: ["Improper input validation", 3], 22: ["Path traversal", 1], 23: ["Relative path traversal", 1],
    59: ["Link following", 1], 73: ["External control of file name or path", 4], 74: ["Injection", 3], 75: ["Improper neutralisation of special elements", 3], 77: ["Command injection", 3], 78: ["OS command injection", 3],
    79: ["Cross-site scripting", 3], 80: ["Basic cross-site scripting", 3], 83: ["Script in attributes", 3], 87: ["Alternate cross-site scripting syntax", 3], 88: ["Argument injection", 3], 89: ["SQL injection", 3],
    90: ["LDAP injection", 3], 91: ["XML injection", 3], 93: ["CRLF injection", 3], 94: ["Code injection", 3], 95: ["Eval injection", 3], 96: ["Static code injection", 3], 97: ["Server-side include injection", 3],
    98: ["Remote file inclusion", 3], 99: ["Resource injection", 3], 113: ["HTTP response splitting", 3], 116: ["Improper encoding of output", 3], 117: ["Log injection", 9], 119: ["Memory buffer error", 0],
    120: ["Classic buffer overflow", 0], 125: ["Out-of-bounds read", 0], 134: ["Uncontrolled format string", 0], 138: ["Improper neutralisation of special elements", 3], 183: ["Too permissive list of allowed inputs", 4],
    184: ["Incomplete list of forbidden inputs", 3], 190: ["Integer overflow", 0], 200: ["Exposure of sensitive information", 1], 201: ["Sensitive information in sent data", 1], 203: ["Observable discrepancy", 0],
    209: ["Error message with sensitive information", 4], 213: ["Exposure by policy", 4], 219: ["Sensitive file under the web root", 1], 223: ["Omission of security-relevant information", 9], 235: ["Improper handling of extra parameters", 4],
    250: ["Execution with unnecessary privileges", 0], 256: ["Unprotected storage of credentials", 4], 257: ["Passwords in a recoverable format", 4], 259: ["Hard-coded password", 7], 260: ["Password in a configuration file", 5],
    261: ["Weak encoding of a password", 2], 264: ["Permissions, privileges and access control", 1], 266: ["Incorrect privilege assignment", 4], 269: ["Improper privilege management", 4], 275: ["Permission issues", 1],
    276: ["Incorrect default permissions", 1], 284: ["Improper access control", 1], 285: ["Improper authorisation", 1], 287: ["Improper authentication", 7], 288: ["Authentication bypass by another path", 7],
    290: ["Authentication bypass by spoofing", 7], 294: ["Authentication bypass by capture and replay", 7], 295: ["Improper certificate validation", 7], 296: ["Improper following of a certificate's chain of trust", 2],
    297: ["Certificate with a wrong host", 7], 298: ["Expired certificate", 2], 300: ["Channel accessible by a third party", 7], 302: ["Authentication bypass by assumed-immutable data", 7], 304: ["Missing step in authentication", 7],
    306: ["Missing authentication for a critical function", 7], 307: ["No limit of authentication attempts", 7], 310: ["Cryptographic issues", 2], 311: ["Missing encryption of sensitive data", 4], 312: ["Sensitive information in clear text", 4],
    313: ["Clear text in a file", 4], 315: ["Clear text in a cookie", 5], 316: ["Clear text in memory", 4], 319: ["Clear-text transmission", 2], 321: ["Hard-coded cryptographic key", 2], 322: ["Key exchange without authentication", 2],
    323: ["Reused nonce or key", 2], 324: ["Key used after its expiry", 2], 325: ["Missing cryptographic step", 2], 326: ["Inadequate encryption strength", 2], 327: ["Broken or risky cryptographic algorithm", 2], 328: ["Weak hash", 2],
    329: ["Predictable initialisation vector", 2], 330: ["Insufficiently random values", 2], 331: ["Insufficient entropy", 2], 335: ["Incorrect use of seeds", 2], 338: ["Weak random number generator", 2], 340: ["Predictable numbers or identifiers", 2],
    345: ["Insufficient verification of authenticity", 8], 346: ["Origin validation error", 7], 347: ["Improper verification of a signature", 2], 352: ["Cross-site request forgery", 1], 353: ["Missing integrity check", 8],
    359: ["Exposure of private personal information", 1], 362: ["Race condition", 0], 367: ["Time-of-check time-of-use race", 0], 377: ["Insecure temporary file", 1], 384: ["Session fixation", 7], 400: ["Uncontrolled resource consumption", 0],
    402: ["Transmission of private resources", 1], 415: ["Double free", 0], 416: ["Use after free", 0], 419: ["Unprotected primary channel", 4], 425: ["Forced browsing", 1], 426: ["Untrusted search path", 8], 427: ["Uncontrolled search path", 0],
    430: ["Deployment of the wrong handler", 4], 434: ["Unrestricted upload of dangerous files", 4], 441: ["Unintended proxy", 1], 444: ["HTTP request smuggling", 4], 451: ["Misrepresentation of critical information", 4],
    470: ["Unsafe reflection", 3], 471: ["Modification of assumed-immutable data", 3], 472: ["External control of a web parameter", 4], 476: ["Null pointer dereference", 0], 489: ["Active debug code", 5], 494: ["Download of code without integrity check", 8],
    497: ["Exposure of system information", 1], 501: ["Trust boundary violation", 4], 502: ["Deserialisation of untrusted data", 8], 520: ["Misconfiguration of .NET", 5], 521: ["Weak password requirements", 7], 522: ["Insufficiently protected credentials", 4],
    523: ["Unprotected transport of credentials", 2], 524: ["Sensitive information in a cache", 0], 525: ["Browser cache with sensitive information", 4], 526: ["Sensitive information in environment variables", 5], 527: ["Exposed version control repository", 5],
    530: ["Exposed backup file", 5], 532: ["Sensitive information in a log", 9], 537: ["Run-time error message with sensitive information", 5], 538: ["Sensitive information in an accessible file", 1], 539: ["Persistent cookie with sensitive information", 4],
    540: ["Sensitive information in source code", 1], 541: ["Sensitive information in an include file", 5], 547: ["Hard-coded security constants", 5], 548: ["Directory listing", 1], 552: ["Files accessible to others", 1],
    564: ["SQL injection through Hibernate", 3], 565: ["Reliance on cookies without validation", 8], 566: ["Authorisation bypass through a SQL key", 1], 579: ["Non-serialisable object in a session", 4], 598: ["Sensitive query string of a GET request", 4],
    601: ["Open redirect", 1], 602: ["Enforcement of server rules by the client", 4], 610: ["Externally controlled reference", 3], 611: ["XML external entity", 5], 613: ["Insufficient session expiry", 7], 614: ["Sensitive cookie without Secure", 5],
    615: ["Sensitive information in comments", 5], 620: ["Password change without verification", 7], 639: ["Authorisation bypass through a user-controlled key", 1], 640: ["Weak password recovery", 7], 642: ["External control of critical state", 4],
    643: ["XPath injection", 3], 644: ["Improper neutralisation of HTTP headers", 3], 646: ["Reliance on a file's name or extension", 4], 650: ["Trust in the permission of HTTP methods", 4], 651: ["Exposure of a service description", 1],
    652: ["XQuery injection", 3], 653: ["Insufficient compartmentalisation", 4], 656: ["Reliance on obscurity", 4], 657: ["Violation of secure design principles", 4], 668: ["Exposure to the wrong sphere", 1], 693: ["Protection mechanism failure", 5],
    704: ["Incorrect type conversion", 0], 706: ["Incorrectly resolved name", 1], 732: ["Incorrect permissions of a critical resource", 0], 749: ["Exposed dangerous method", 0], 757: ["Selection of a weaker algorithm", 2], 759: ["Hash without a salt", 2],
    760: ["Hash with a predictable salt", 2], 770: ["Resource allocation without limits", 0], 776: ["XML entity expansion", 5], 778: ["Insufficient logging", 9], 780: ["RSA without OAEP", 2], 787: ["Out-of-bounds write", 0], 798: ["Hard-coded credentials", 7],
    799: ["Improper control of interaction frequency", 4], 807: ["Reliance on untrusted inputs", 4], 829: ["Functionality from an untrusted sphere", 8], 830: ["Web functionality from an untrusted source", 8], 840: ["Business logic error", 4],
    841: ["Improper enforcement of a workflow", 4], 862: ["Missing authorisation", 1], 863: ["Incorrect authorisation", 1], 913: ["Improper control of dynamically managed code", 1], 915: ["Mass assignment", 8], 916: ["Password hash with too little effort", 2],
    917: ["Expression language injection", 3], 918: ["Server-side request forgery", 10], 922: ["Insecure storage of sensitive information", 1], 927: ["Implicit intent for sensitive communication", 4], 937: ["Component with known weaknesses", 6],
    940: ["Improper verification of a channel's source", 7], 942: ["Permissive cross-domain policy", 5], 1004: ["Sensitive cookie without HttpOnly", 5], 1021: ["Improper restriction of frames", 4], 1022: ["Link to a window opener", 0],
    1035: ["Component with known weaknesses (2017)", 6], 1104: ["Use of unmaintained components", 6], 1173: ["Improper use of a validation framework", 4], 1174: ["Improper model validation in ASP.NET", 5], 1188: ["Insecure default", 5],
    1216: ["Lockout mechanism error", 7], 1236: ["Formula injection in CSV", 3], 1275: ["Sensitive cookie with improper SameSite", 1], 1321: ["Prototype pollution", 8], 1333: ["Inefficient regular expression", 0], 1336: ["Template injection", 3], 1395: ["Dependency with a known weakness", 6]
};
module.exports = {
    execute: function (ctx) {
        var overwrite = ctx.config.overwriteOwasp === true;
        var seen = 0;
        var patched = 0;
        ctx.inputs.findings.each(function (finding) {
            var patch = patchFor(finding, overwrite);
            seen++;
            if (patch !== null) {
                patched++;
                ctx.emit("findings", patch);
            }
        });
        ctx.log.info(patched + " of " + seen + " findings were given the names of their weaknesses.");
        ctx.progress(100, "Done");
    }
};
function patchFor(finding, overwrite) {
    var references = (finding.references || []).slice(0, 90);
    var known = references.join("\n");
    var added = false;
    var owasp = overwrite ? undefined : finding.owasp;
    var numbers = finding.cwe || [];
    for (var i = 0; i < numbers.length; i++) {
        var weakness = weaknesses[numbers[i]];
        if (!weakness) {
            continue;
        }
        var reference = "CWE-" + numbers[i] + " " + weakness[0] + ": https://cwe.mitre.org/data/definitions/" + numbers[i] + ".html";
        if (known.indexOf(reference) < 0 && references.length < 100) {
            references.push(reference);
            added = true;
        }
        owasp = owasp || (weakness[1] === 0 ? undefined : category(weakness[1]));
    }
    var patch = { fingerprint: finding.fingerprint };
    if (added) {
        patch.references = references;
    }
    if (owasp && owasp !== finding.owasp) {
        patch.owasp = owasp;
    }
    return added || patch.owasp ? patch : null;
}
function category(number) {
    return "A" + (number < 10 ? "0" : "") + number + ":2021";
}
