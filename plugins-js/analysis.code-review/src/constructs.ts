const constructRules: Rule[] = [
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
