/** Values that are no secret: examples, variables, and what is filled in later. */
const noSecret = /(example|sample|dummy|changeme|change[-_ ]me|placeholder|your[-_ ]?|xxxx|\*\*\*|<[^>]*>|\$\{|\{\{|%\(|\$\(|process\.env|os\.environ|getenv|env\[|ENV\[|Configuration\[|null|none|undefined|true|false|todo|redacted|insert)/i;

const secretRules: Rule[] = [
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
