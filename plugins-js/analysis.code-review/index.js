"use strict";
var scripts = ["js", "mjs", "cjs", "jsx", "ts", "tsx", "vue", "svelte", "html", "htm"];
var python = ["py", "pyw"];
var php = ["php", "phtml", "php5", "inc"];
var java = ["java", "kt", "kts", "groovy", "scala", "jsp"];
var dotnet = ["cs", "cshtml", "razor", "vb", "fs"];
var native = ["c", "h", "cc", "cpp", "cxx", "hpp"];
var ruby = ["rb", "erb", "rake"];
var golang = ["go"];
var shell = ["sh", "bash", "zsh", "dockerfile", "yml", "yaml", "makefile"];
function knownKinds() {
    var known = {};
    var all = scripts.concat(python, php, java, dotnet, native, ruby, golang, shell);
    for (var i = 0; i < all.length; i++) {
        known[all[i]] = true;
    }
    return known;
}
var noSecret = /(example|sample|dummy|changeme|change[-_ ]me|placeholder|your[-_ ]?|xxxx|\*\*\*|<[^>]*>|\$\{|\{\{|%\(|\$\(|process\.env|os\.environ|getenv|env\[|ENV\[|Configuration\[|null|none|undefined|true|false|todo|redacted|insert)/i;
var secretRules = [
    {
        id: "code.private-key", pattern: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/, find: "-----BEGIN .*PRIVATE KEY", title: "A private key is kept with the code",
        severity: "critical", confidence: 90, cwe: [321, 798], owasp: "A02:2021", inComments: true,
        why: "Whoever can read the code has the key, and so can everybody who ever had a copy.", instead: "Make a new key, take the old one out of use, and give the new one to the program when it starts."
    },
    {
        id: "code.cloud-key", pattern: /\b((?:AKIA|ASIA)[0-9A-Z]{16})\b/, unless: /EXAMPLE/, find: "A(K|S)IA[0-9A-Z]{16}", title: "An access key of AWS is in the code",
        severity: "critical", confidence: 85, cwe: [798], owasp: "A07:2021", secret: true, inComments: true,
        why: "The key opens an account of a cloud, from anywhere.", instead: "Withdraw the key, look at what was done with it, and use a role or a secret store."
    },
    {
        id: "code.token", pattern: /\b((?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20,}|xox[abprs]-[A-Za-z0-9-]{20,}|sk_live_[A-Za-z0-9]{16,}|AIza[0-9A-Za-z_-]{35}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}))/,
        unless: /(x{8,}|X{8,}|0{8,}|EXAMPLE)/, find: "(gh[pousr]_[A-Za-z0-9]{36}|github_pat_|glpat-|xox[abprs]-|sk_live_|AIza[0-9A-Za-z_-]{35}|npm_[A-Za-z0-9]{36}|SG\\.[A-Za-z0-9_-]{20})", title: "A token of a service is in the code",
        severity: "high", confidence: 85, cwe: [798], owasp: "A07:2021", secret: true, inComments: true,
        why: "The token acts for somebody at that service until it is withdrawn.", instead: "Withdraw the token, and give a new one to the program when it starts."
    },
    {
        id: "code.password-in-code",
        pattern: /(?:passw(?:or)?d|passwd|pwd|secret(?:[_-]?key)?|api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret)["']?\s*(?:=>|:=|:|=)\s*["']([^"'\s]{6,})["']/i, unless: noSecret,
        find: "(passw(or)?d|passwd|pwd|secret([_-]?key)?|api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret)[\"']?[[:space:]]*(=>|:=|:|=)[[:space:]]*[\"'][^\"']{6}",
        title: "A password or key is written in the code", severity: "high", confidence: 60, cwe: [798, 259], owasp: "A07:2021", secret: true, inComments: true,
        why: "It is in every copy of the code and in its history, and cannot be changed without a release.", instead: "Change it, and let the program read it from its environment or a secret store."
    },
    {
        id: "code.password-in-settings", kinds: ["env", "ini", "cfg", "conf", "properties", "toml", "yml", "yaml"],
        pattern: /^\s*[A-Za-z0-9_.-]*(?:passw(?:or)?d|passwd|secret(?:[_-]?key)?|api[_-]?key|access[_-]?token|auth[_-]?token)\s*[:=]\s*([^\s"'#$&*!|>{\[][^\s"'#]{5,})\s*$/i, unless: noSecret,
        find: "(passw(or)?d|passwd|secret([_-]?key)?|api[_-]?key|access[_-]?token|auth[_-]?token)[[:space:]]*[:=][[:space:]]*[^[:space:]\"'#$]{6}",
        title: "A password or key is kept in a settings file", severity: "high", confidence: 55, cwe: [260, 798], owasp: "A07:2021", secret: true,
        why: "Settings that are kept with the code go wherever the code goes.", instead: "Change it, keep the file out of the repository, and ship an example without values."
    },
    {
        id: "code.password-in-url", pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\/\s:@"'<>{}$]{1,64}:([^\/\s:@"'<>{}$]{4,})@[A-Za-z0-9.\[-]+/i, unless: noSecret, find: "://[^/:@[:space:]]+:[^/@[:space:]]{4,}@",
        title: "An address holds a user name and a password", severity: "high", confidence: 70, cwe: [798, 522], owasp: "A07:2021", secret: true, inComments: true,
        why: "Addresses are logged and shown; a password in one is soon known.", instead: "Change the password, and put the parts of the address together when the program starts."
    }
];
var constructRules = [
    {
        id: "code.eval", kinds: scripts.concat(php, ruby), pattern: /(^|[^A-Za-z0-9_.$])(?:eval|new Function)\s*\(\s*(?!["'`][^"'`$+]*["'`]\s*\))[^)\s]/, find: "(eval|new function)[[:space:]]*\\(",
        title: "Text is run as code", severity: "high", confidence: 55, cwe: [95], owasp: "A03:2021", why: "If any part of the text comes from outside, whoever sends it runs programs here.", instead: "Parse the data as data, or choose among functions by name."
    },
    {
        id: "code.eval", kinds: python, pattern: /(^|[^A-Za-z0-9_.$])(?:eval|exec)\s*\(\s*(?!["'`][^"'`$+]*["'`]\s*\))[^)\s]/, unless: /def\s+(?:eval|exec)/, find: "(eval|exec)[[:space:]]*\\(",
        title: "Text is run as code", severity: "high", confidence: 55, cwe: [95], owasp: "A03:2021", why: "If any part of the text comes from outside, whoever sends it runs programs here.", instead: "Parse the data as data, or choose among functions by name."
    },
    {
        id: "code.shell-command", kinds: scripts, pattern: /\b(?:exec|execSync)\s*\(\s*(?:`[^`]*\$\{|["'][^"']*["']\s*\+|[A-Za-z_$][\w$.]*\s*\+)/, find: "exec(sync)?[[:space:]]*\\(",
        title: "A command line is put together from parts", severity: "high", confidence: 65, cwe: [78], owasp: "A03:2021", why: "A part that holds ; or $( is a command of its own.", instead: "Use execFile or spawn with a list of arguments, without a shell."
    },
    {
        id: "code.shell-command", kinds: python, pattern: /\bos\.(?:system|popen)\s*\(\s*(?!["'][^"'%{]*["']\s*\))|\bsubprocess\.\w+\s*\(.*shell\s*=\s*True/, find: "(os\\.(system|popen)|shell[[:space:]]*=[[:space:]]*true)",
        title: "A command line is given to a shell", severity: "high", confidence: 65, cwe: [78], owasp: "A03:2021", why: "A part that holds ; or $( is a command of its own.", instead: "Use subprocess.run with a list of arguments and without shell=True."
    },
    {
        id: "code.shell-command", kinds: php, pattern: /\b(?:system|exec|shell_exec|passthru|popen|proc_open)\s*\([^)]*\$/, find: "(system|exec|passthru|popen|proc_open)[[:space:]]*\\(",
        title: "A command line is put together from parts", severity: "high", confidence: 65, cwe: [78], owasp: "A03:2021", why: "A part that holds ; or $( is a command of its own.", instead: "Do without a shell, or pass each part through escapeshellarg."
    },
    {
        id: "code.shell-command", kinds: java.concat(dotnet, ruby, golang), pattern: /getRuntime\(\)\.exec\s*\([^)]*\+|Process\.Start\s*\([^)]*(?:\+|\$")|\bsystem\s*\(?\s*"[^"]*#\{|exec\.Command\s*\(\s*"(?:\/bin\/)?(?:sh|bash)"/, find: "(getruntime\\(\\)\\.exec|process\\.start|system|exec\\.command)",
        title: "A command line is put together from parts", severity: "high", confidence: 60, cwe: [78], owasp: "A03:2021", why: "A part that holds ; or $( is a command of its own, or one more argument.", instead: "Start the program itself with a list of arguments."
    },
    {
        id: "code.shell-command", kinds: native, pattern: /\b(?:system|popen)\s*\(\s*(?!")[A-Za-z_]/, find: "(system|popen)[[:space:]]*\\(",
        title: "A variable is given to a shell", severity: "medium", confidence: 50, cwe: [78], owasp: "A03:2021", why: "What is in the variable decides what runs.", instead: "Use execve or posix_spawn with a list of arguments."
    },
    {
        id: "code.sql-concatenation", kinds: scripts.concat(python, php, java, dotnet, ruby, golang),
        pattern: /["'`](?:[^"'`]*\s)?(?:select\s.{1,200}\sfrom|insert\s+into|update\s.{1,100}\sset|delete\s+from)\s[^"'`]*(?:["']\s*(?:\+|\.\s*\$|%\s*[(\w])|\$\{|#\{|\{[a-z_][\w.]*\}|["']\.format\s*\(|'\s*["']\s*\+)/i, find: "(select .* from|insert into|update .* set|delete from) ",
        title: "An SQL statement is put together from parts", severity: "high", confidence: 60, cwe: [89], owasp: "A03:2021", why: "A part from outside can change what the statement does.", instead: "Pass values as parameters of the statement."
    },
    {
        id: "code.sql-concatenation", kinds: python, pattern: /\bf(?:"|'|""")[^"]*(?:select\s.{1,200}\sfrom|insert\s+into|update\s.{1,100}\sset|delete\s+from)\s[^"]*\{[A-Za-z_]/i, find: "(select .* from|insert into|update .* set|delete from) ",
        title: "An SQL statement is put together from parts", severity: "high", confidence: 60, cwe: [89], owasp: "A03:2021", why: "A part from outside can change what the statement does.", instead: "Pass values as parameters of the statement."
    },
    {
        id: "code.sql-concatenation", kinds: php, pattern: /["'](?:select\s.{1,200}\sfrom|insert\s+into|update\s.{1,100}\sset|delete\s+from)\s[^"]*\$(?:_GET|_POST|_REQUEST|_COOKIE|[a-z_]\w*)/i, find: "(select .* from|insert into|update .* set|delete from) ",
        title: "An SQL statement is put together from parts", severity: "high", confidence: 60, cwe: [89], owasp: "A03:2021", why: "A part from outside can change what the statement does.", instead: "Use a prepared statement and bind the values."
    },
    {
        id: "code.unsafe-deserialization", kinds: python, pattern: /\b(?:pickle|cPickle|dill|marshal)\.loads?\s*\(|\byaml\.(?:load|unsafe_load)\s*\((?!.*(?:SafeLoader|CSafeLoader))/, find: "(pickle\\.load|dill\\.load|marshal\\.load|yaml\\.(unsafe_)?load)",
        title: "Objects are restored from data", severity: "high", confidence: 60, cwe: [502], owasp: "A08:2021", why: "Such data can name code that is run while it is read.", instead: "Use json, or yaml.safe_load."
    },
    {
        id: "code.unsafe-deserialization", kinds: php.concat(java, dotnet, ruby), pattern: /\bunserialize\s*\(\s*\$|\bnew ObjectInputStream\s*\(|\.readObject\s*\(\s*\)|\bnew (?:BinaryFormatter|SoapFormatter|NetDataContractSerializer|LosFormatter)\b|TypeNameHandling\.(?:All|Auto|Objects)|\bMarshal\.load\s*\(/,
        find: "(unserialize|objectinputstream|readobject|binaryformatter|soapformatter|netdatacontractserializer|losformatter|typenamehandling|marshal\\.load)",
        title: "Objects are restored from data", severity: "high", confidence: 55, cwe: [502], owasp: "A08:2021", why: "Such data can name types whose code is run while it is read.", instead: "Use a format of plain data such as JSON, without type names in it."
    },
    {
        id: "code.html-injection", kinds: scripts, pattern: /\.(?:innerHTML|outerHTML)\s*\+?=\s*(?!["'`][^"'`$+]*["'`]\s*;?\s*$)[^=\s]|document\.write(?:ln)?\s*\(\s*(?!["'][^"'+]*["']\s*\))|dangerouslySetInnerHTML|\bv-html\s*=|insertAdjacentHTML\s*\(/, find: "(innerhtml|outerhtml|document\\.write|dangerouslysetinnerhtml|v-html|insertadjacenthtml)",
        title: "Text is put into a page as markup", severity: "medium", confidence: 50, cwe: [79], owasp: "A03:2021", why: "Text from outside becomes elements and scripts of the page.", instead: "Use textContent, or clean the markup with a library made for it."
    },
    {
        id: "code.html-injection", kinds: php, pattern: /\b(?:echo|print)\b[^;]*\$_(?:GET|POST|REQUEST|COOKIE)(?![^;]*(?:htmlspecialchars|htmlentities|intval|\(int\)))|<\?=\s*\$_(?:GET|POST|REQUEST)/, unless: /htmlspecialchars|htmlentities|intval|\(int\)/, find: "(echo|print|<\\?=).*\\$_(get|post|request|cookie)",
        title: "A parameter is written into the page as it is", severity: "high", confidence: 75, cwe: [79], owasp: "A03:2021", why: "Whoever makes a link decides what the page does.", instead: "Write it with htmlspecialchars."
    },
    {
        id: "code.file-inclusion", kinds: php, pattern: /\b(?:include|include_once|require|require_once)\b[^;]*\$_(?:GET|POST|REQUEST|COOKIE)/, find: "(include|require)(_once)?.*\\$_",
        title: "A parameter decides which file is run", severity: "critical", confidence: 80, cwe: [98], owasp: "A03:2021", why: "Any file that the server can read, and often any address, can be run.", instead: "Choose among known files by a table."
    },
    {
        id: "code.tls-not-verified", kinds: scripts.concat(python, php, java, dotnet, ruby, golang),
        pattern: /verify\s*=\s*False|InsecureSkipVerify\s*:\s*true|rejectUnauthorized\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED|CURLOPT_SSL_VERIFY(?:PEER|HOST)\s*,\s*(?:0|false)|_create_unverified_context|VERIFY_NONE|ServerCertificate(?:Custom)?ValidationCallback\s*\+?=.*(?:true|DangerousAcceptAny)|ALLOW_ALL_HOSTNAME_VERIFIER|NoopHostnameVerifier/i,
        find: "(verify[[:space:]]*=[[:space:]]*false|insecureskipverify|rejectunauthorized|node_tls_reject_unauthorized|curlopt_ssl_verify|_create_unverified_context|verify_none|servercertificate(custom)?validationcallback|allow_all_hostname_verifier|noophostnameverifier)",
        title: "The certificate of a server is not verified", severity: "high", confidence: 75, cwe: [295], owasp: "A02:2021", why: "Anybody on the way can pass for the server.", instead: "Verify certificates; give the program the authority that signs yours."
    },
    {
        id: "code.tls-not-verified", kinds: shell, pattern: /\bcurl\b[^|;&]*\s(?:-[A-Za-z]*k\b|--insecure\b)|\bwget\b[^|;&]*--no-check-certificate|StrictHostKeyChecking[ =]no|GIT_SSL_NO_VERIFY=(?:1|true)|sslVerify[ =]false/, find: "(curl|wget|stricthostkeychecking|git_ssl_no_verify|sslverify)",
        title: "The identity of a server is not verified", severity: "medium", confidence: 75, cwe: [295], owasp: "A02:2021", why: "Anybody on the way can pass for the server.", instead: "Verify it; give the program the authority or the key that is expected."
    },
    {
        id: "code.download-and-run", kinds: shell.concat(["md"]), pattern: /\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b/, find: "(curl|wget).*\\|.*sh", title: "A download is run without being looked at", severity: "medium", confidence: 70, cwe: [494], owasp: "A08:2021",
        why: "Whoever controls the address, or the way to it, runs programs here.", instead: "Download a pinned version, compare its digest, then run it."
    },
    {
        id: "code.weak-hash", kinds: scripts.concat(python, php, java, dotnet, ruby, golang),
        pattern: /hashlib\.(?:md5|sha1)\s*\(|createHash\s*\(\s*["'](?:md5|sha1)["']|\b(?:md5|sha1)\s*\(\s*\$|MessageDigest\.getInstance\s*\(\s*"(?:MD5|SHA-?1)"|\b(?:MD5|SHA1)\.(?:Create|HashData)\s*\(|Digest::(?:MD5|SHA1)|\b(?:md5|sha1)\.(?:New|Sum)\s*\(/,
        find: "(md5|sha-?1)", title: "A weak hash is used", severity: "low", confidence: 45, cwe: [327, 328], owasp: "A02:2021", why: "For passwords and signatures MD5 and SHA-1 are broken; for a mere checksum they are not.", instead: "SHA-256 for contents; Argon2, scrypt or bcrypt for passwords."
    },
    {
        id: "code.weak-cipher", kinds: scripts.concat(python, php, java, dotnet, ruby, golang), pattern: /Cipher\.getInstance\s*\(\s*"(?:DES|DESede|RC4|[^"]*\/ECB\/)|\bMODE_ECB\b|CipherMode\.ECB|createCipher\s*\(|\b(?:DES|RC2|TripleDES)\.Create\s*\(|des\.NewCipher|rc4\.NewCipher|aes-\d+-ecb/i, find: "(cipher|_ecb|-ecb|des\\.|rc2\\.|rc4)",
        title: "A weak cipher or mode is used", severity: "medium", confidence: 60, cwe: [327], owasp: "A02:2021", why: "DES and RC4 are broken; ECB shows which blocks are alike.", instead: "AES in GCM mode, or ChaCha20-Poly1305, from a maintained library."
    },
    {
        id: "code.weak-random", kinds: scripts.concat(python, php, java), pattern: /(?:token|secret|passw|session|nonce|otp|key)\w*\s*=.*(?:Math\.random\s*\(|\brandom\.(?:random|randint|choice|choices)\s*\(|\bmt_rand\s*\(|\brand\s*\(|new Random\s*\()/i, find: "(math\\.random|random\\.(random|randint|choice)|mt_rand|rand[[:space:]]*\\(|new random)",
        title: "A secret is made by a generator that can be guessed", severity: "medium", confidence: 60, cwe: [338], owasp: "A02:2021", why: "Such numbers follow from a few that were seen.", instead: "Use crypto.randomBytes, the module secrets, random_bytes or SecureRandom."
    },
    {
        id: "code.debug-mode", kinds: python.concat(php, ["env", "ini"]), pattern: /\bapp\.run\s*\(.*debug\s*=\s*True|^\s*DEBUG\s*=\s*True\b|^\s*APP_DEBUG\s*=\s*true|display_errors['"]?\s*[,=]\s*['"]?(?:1|on)/i, find: "(debug[[:space:]]*=[[:space:]]*true|display_errors)",
        title: "Debugging is switched on", severity: "medium", confidence: 55, cwe: [489], owasp: "A05:2021", why: "Error pages then show sources and settings; some debuggers run code that a visitor types in.", instead: "Take it from the environment, off unless it is said."
    },
    {
        id: "code.unbounded-copy", kinds: native, pattern: /(^|[^A-Za-z0-9_])(?:gets|strcpy|strcat|vsprintf|sprintf)\s*\(/, find: "(gets|strcpy|strcat|sprintf)[[:space:]]*\\(", title: "A function that does not know the size of its buffer", severity: "medium", confidence: 50, cwe: [120, 676], owasp: "A06:2021",
        why: "More data than the buffer holds overwrites what is behind it.", instead: "snprintf, strlcpy, fgets: functions that are told the size."
    },
    {
        id: "code.format-string", kinds: native, pattern: /(^|[^A-Za-z0-9_])(?:printf|vprintf|syslog)\s*\(\s*(?:LOG_\w+\s*,\s*)?[A-Za-z_]\w*\s*\)/, find: "(printf|syslog)[[:space:]]*\\(", title: "A variable is used as a format", severity: "high", confidence: 65, cwe: [134], owasp: "A03:2021",
        why: "Text from outside that holds % reads and writes memory.", instead: "printf(\"%s\", text)."
    },
    {
        id: "code.open-permissions", kinds: shell.concat(python), pattern: /\bchmod\s+(?:-R\s+)?(?:0?777|a\+rwx)\b|os\.chmod\s*\([^)]*0o?777/, find: "chmod.*(777|a\\+rwx)", title: "Everybody may change a file", severity: "low", confidence: 75, cwe: [732], owasp: "A01:2021",
        why: "Any other program of the machine can replace it.", instead: "Give rights to the one account that needs them."
    }
];
var mostCharacters = 1000;
function rulesFor(config) {
    var all = secretRules.concat(constructRules);
    var skip = config.skip || [];
    var rules = [];
    for (var i = 0; i < all.length; i++) {
        if (skip.indexOf(all[i].id) < 0) {
            rules.push(all[i]);
        }
    }
    return rules;
}
function idsOf(rules) {
    var ids = [];
    for (var i = 0; i < rules.length; i++) {
        if (ids.indexOf(rules[i].id) < 0) {
            ids.push(rules[i].id);
        }
    }
    return ids;
}
function kindOf(path) {
    var name = path.substr(path.lastIndexOf("/") + 1).toLowerCase();
    var dot = name.lastIndexOf(".");
    return dot < 0 ? name : name.substr(dot + 1);
}
function hashOf(text) {
    var a = 2166136261;
    for (var i = 0; i < text.length; i++) {
        a = ((a ^ text.charCodeAt(i)) * 16777619) >>> 0;
    }
    return ("0000000" + a.toString(16)).slice(-8);
}
function isComment(line) {
    return /^\s*(\/\/|#(?!!|include|define)|\*|\/\*|<!--|--\s|;|rem\s)/i.test(line.text);
}
function masked(text, secret) {
    var kept = secret.substr(0, 4);
    return text.split(secret).join(kept + "***");
}
var Review = (function () {
    function Review(ctx, rules, target) {
        this.ctx = ctx;
        this.rules = rules;
        this.target = target;
        this.lines = {};
        this.found = 0;
        this.read = 0;
        this.seen = {};
    }
    Review.prototype.take = function (raw) {
        var end = raw.indexOf("\u0000");
        var colon = raw.indexOf(":", end);
        var number = end < 0 || colon < 0 ? 0 : parseInt(raw.substring(end + 1, colon), 10);
        if (!(number > 0)) {
            return false;
        }
        var path = raw.substr(0, end).replace(/^\/target\//, "");
        var text = raw.substr(colon + 1, mostCharacters);
        this.read++;
        this.lines[path] = (this.lines.hasOwnProperty(path) ? this.lines[path] : 0) + 1;
        this.look({ path: path, kind: kindOf(path), number: number, text: text });
        return true;
    };
    Review.prototype.look = function (line) {
        var comment = isComment(line);
        var said = " ";
        for (var i = 0; i < this.rules.length; i++) {
            var rule = this.rules[i];
            if ((comment && !rule.inComments) || said.indexOf(" " + rule.id + " ") >= 0 || (rule.kinds && rule.kinds.indexOf(line.kind) < 0)) {
                continue;
            }
            var match = rule.pattern.exec(line.text);
            if (match !== null && !(rule.unless && rule.unless.test(rule.secret && match[1] ? match[1] : line.text))) {
                said += rule.id + " ";
                this.report(rule, line, match);
            }
        }
    };
    Review.prototype.report = function (rule, line, match) {
        var mark = line.path + " " + hashOf(rule.id + line.text.replace(/\s+/g, " "));
        var again = this.seen.hasOwnProperty(mark) ? this.seen[mark] : 0;
        this.seen[mark] = again + 1;
        this.found++;
        var shown = rule.secret && match[1] ? masked(line.text, match[1]) : line.text;
        var finding = {
            ruleId: rule.id, title: rule.title, severity: rule.severity, confidence: rule.confidence, location: line.path + ":" + line.number,
            parameter: (again === 0 ? mark : mark + " " + (again + 1)).slice(-500), description: rule.why, remediation: rule.instead, cwe: rule.cwe, owasp: rule.owasp,
            evidence: { match: shown.replace(/^\s+/, "").substr(0, 500) }
        };
        if (this.target !== undefined) {
            finding.target = this.target;
        }
        this.ctx.finding(finding);
    };
    return Review;
}());
var mostText = 16777216;
var defaultFolders = [".git", ".hg", ".svn", "node_modules", "bower_components", "vendor", ".venv", "venv", "__pycache__"];
var defaultFiles = ["*.min.js", "*.min.css", "*.map", "package-lock.json", "yarn.lock", "pnpm-lock.yaml"];
function judged(ctx, kind, reason, target, checks) {
    ctx.verdict(kind, reason, { target: target, checks: checks });
}
function findArguments(config, folder) {
    var args = [folder];
    var folders = config.exclude || defaultFolders;
    for (var i = 0; i < folders.length; i++) {
        args.push("-type", "d", "-name", folders[i], "-prune", "-o");
    }
    var files = config.excludeFiles || defaultFiles;
    args.push("-type", "f");
    for (var i = 0; i < files.length; i++) {
        args.push("!", "-name", files[i]);
    }
    args.push("-print");
    return args;
}
function grepArguments(config, folder) {
    var args = ["-r", "-n", "-I", "-i", "-Z", "-E", "-H", "--max-count=" + (config.maxPerFile || 500), "--file=/in/patterns"];
    var folders = config.exclude || defaultFolders;
    for (var i = 0; i < folders.length; i++) {
        args.push("--exclude-dir=" + folders[i]);
    }
    var files = config.excludeFiles || defaultFiles;
    for (var i = 0; i < files.length; i++) {
        args.push("--exclude=" + files[i]);
    }
    args.push(folder);
    return args;
}
function patternsOf(rules) {
    var patterns = [];
    for (var i = 0; i < rules.length; i++) {
        if (patterns.indexOf(rules[i].find) < 0) {
            patterns.push(rules[i].find);
        }
    }
    return patterns.join("\n") + "\n";
}
function listFolder(ctx, folder, timeout) {
    var known = knownKinds();
    var counted = { files: 0, known: 0, kinds: {} };
    var ended = ctx.tool("find", findArguments(ctx.config, folder), {
        timeout: timeout, onLine: function (line) {
            var kind = kindOf(line);
            counted.files++;
            if (known.hasOwnProperty(kind)) {
                counted.known++;
                counted.kinds[kind] = (counted.kinds.hasOwnProperty(kind) ? counted.kinds[kind] : 0) + 1;
            }
        }
    });
    return { folder: counted, ended: ended };
}
function wordsOf(folder) {
    var kinds = [];
    for (var kind in folder.kinds) {
        if (folder.kinds.hasOwnProperty(kind)) {
            kinds.push(kind);
        }
    }
    kinds.sort(function (a, b) { return folder.kinds[b] - folder.kinds[a] || (a < b ? -1 : 1); });
    var parts = [];
    for (var i = 0; i < kinds.length && i < 6; i++) {
        parts.push(folder.kinds[kinds[i]] + " " + kinds[i]);
    }
    return folder.files + " files, " + folder.known + " of languages with rules" + (parts.length === 0 ? "" : " (" + parts.join(", ") + ")");
}
function cutFiles(review, most) {
    var cut = [];
    for (var path in review.lines) {
        if (review.lines.hasOwnProperty(path) && review.lines[path] >= most) {
            cut.push(path);
        }
    }
    return cut;
}
function reviewFolder(ctx, target, folder, rules) {
    var timeout = ctx.config.timeout || 240;
    var listed = listFolder(ctx, folder, timeout);
    if (listed.ended.exitCode !== 0 && listed.folder.files === 0) {
        judged(ctx, "failed", "The folder could not be listed: " + listed.ended.stderr.head(500).replace(/\s+/g, " "), target.id, []);
        return;
    }
    if (listed.folder.files === 0) {
        judged(ctx, "misused", "There is no file to review in this folder: it is empty, or everything in it is left out by the configuration.", target.id, []);
        return;
    }
    ctx.progress(10, wordsOf(listed.folder));
    var review = new Review(ctx, rules, target.id);
    var ended = ctx.tool("grep", grepArguments(ctx.config, folder), {
        inputs: { patterns: patternsOf(rules) }, timeout: timeout, onLine: function (line) {
            review.take(line);
        }
    });
    var said = wordsOf(listed.folder) + "; " + review.read + " lines looked at, " + review.found + " findings.";
    var cut = cutFiles(review, ctx.config.maxPerFile || 500);
    if (ended.timedOut || listed.ended.timedOut) {
        judged(ctx, "partial", "Stopped when the time was over (" + timeout + " s): " + said, target.id, []);
    }
    else if (ended.exitCode !== 0 && ended.exitCode !== 1) {
        judged(ctx, review.read > 0 ? "partial" : "failed", "grep ended with " + ended.exitCode + " (" + ended.stderr.head(300).replace(/\s+/g, " ") + "): " + said, target.id, []);
    }
    else if (listed.ended.exitCode !== 0) {
        judged(ctx, "partial", "Some folders could not be read (" + listed.ended.stderr.head(300).replace(/\s+/g, " ") + "): " + said, target.id, []);
    }
    else if (cut.length > 0) {
        judged(ctx, "partial", cut.length + " files have more suspicious lines than are read, first " + cut[0].substr(0, 200) + ": " + said, target.id, []);
    }
    else {
        judged(ctx, "completed", said, target.id, idsOf(rules));
    }
}
function parse(ctx, raw) {
    var target = raw.target === null ? undefined : raw.target;
    var review = new Review(ctx, rulesFor(ctx.config), target);
    var lines = raw.stdout.text(mostText).split("\n");
    var strange = 0;
    for (var i = 0; i < lines.length; i++) {
        if (lines[i] !== "" && !review.take(lines[i])) {
            strange++;
        }
    }
    if (review.read === 0) {
        judged(ctx, "failed", strange > 0 ? "This is not what grep -Z -n prints: no line has a path and a number." : "The text is empty: it does not say whether a folder was looked at.", target, []);
    }
    else {
        judged(ctx, "partial", review.read + " lines, " + review.found + " findings" + (strange > 0 ? ", " + strange + " lines that grep did not print" : "") + "; the text does not say whether the whole folder was looked at.", target, []);
    }
}
module.exports = {
    execute: function (ctx) {
        var rules = rulesFor(ctx.config);
        for (var i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
            var target = ctx.targets[i];
            if (target.kind !== "folder" || target.folder === null) {
                judged(ctx, "misused", "A target of kind " + target.kind + " is no folder; this plugin reads the files of a folder or an uploaded archive.", target.id, []);
                continue;
            }
            reviewFolder(ctx, target, target.folder, rules);
        }
        ctx.progress(100, "Done");
    },
    parse: parse
};
