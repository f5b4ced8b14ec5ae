interface Config {
  ports: number[];
  nearExpiryDays: number;
  timeoutMs: number;
}

const rules: { [id: string]: Rule } = {
  "tls.certificate-expired": {
    title: "The certificate has expired", severity: "high", cwe: [298], owasp: "A02:2021",
    description: "Visitors are warned, or taught to ignore warnings; programs refuse to connect.",
    remediation: "Install a new certificate and let it be renewed automatically."
  },
  "tls.certificate-not-yet-valid": {
    title: "The certificate is not valid yet", severity: "medium", cwe: [298], owasp: "A02:2021",
    description: "The certificate's validity begins in the future, so clients refuse it now.",
    remediation: "Install a certificate that is valid now; look at the clock of the machine that issued it."
  },
  "tls.certificate-expires-soon": {
    title: "The certificate expires soon", severity: "low", cwe: [298], owasp: "A02:2021",
    description: "When it has expired, clients refuse to connect.",
    remediation: "Renew it now, and let it be renewed automatically."
  },
  "tls.name-mismatch": {
    title: "The certificate is for another name", severity: "high", cwe: [297], owasp: "A07:2021",
    description: "The certificate does not name the host that was asked for, so a client cannot tell this server from an impostor.",
    remediation: "Install a certificate whose subject alternative names hold this host."
  },
  "tls.untrusted-chain": {
    title: "The certificate is not trusted", severity: "medium", cwe: [295], owasp: "A07:2021",
    description: "The chain does not lead to a root that this machine trusts. With a certification authority of your own, that may be meant.",
    remediation: "Use a certificate of a trusted authority and send all intermediate certificates, or give the scanning machine your own root."
  },
  "tls.self-signed": {
    title: "The certificate is self-signed", severity: "medium", cwe: [295], owasp: "A07:2021",
    description: "Nobody but the server itself vouches for the certificate, so an impostor's looks the same.",
    remediation: "Use a certificate of a trusted authority."
  },
  "tls.weak-key": {
    title: "A key of the certificate chain is weak", severity: "high", cwe: [326], owasp: "A02:2021",
    description: "RSA and DSA keys below 2,048 bits and elliptic curve keys below 224 bits can be broken with known means.",
    remediation: "Issue the certificate anew with RSA of at least 2,048 bits or ECDSA on P-256."
  },
  "tls.weak-signature": {
    title: "The certificate is signed with a broken hash", severity: "high", cwe: [327, 328], owasp: "A02:2021",
    description: "Signatures over MD5 or SHA-1 can be forged.",
    remediation: "Issue the certificate anew with SHA-256 or better."
  },
  "tls.old-protocol": {
    title: "The server accepts an outdated version of TLS", severity: "medium", cwe: [326, 327], owasp: "A02:2021",
    description: "TLS 1.0 and 1.1 have known weaknesses and are deprecated (RFC 8996).",
    remediation: "Offer TLS 1.2 and 1.3 only."
  },
  "tls.no-modern-protocol": {
    title: "The server offers neither TLS 1.2 nor 1.3", severity: "high", cwe: [326, 327], owasp: "A02:2021",
    description: "Only deprecated versions of TLS are offered; current browsers do not connect.",
    remediation: "Offer TLS 1.2 and 1.3."
  }
};

const versionWords: { [name: string]: string } = { Tls10: "TLS 1.0", Tls11: "TLS 1.1", Tls12: "TLS 1.2", Tls13: "TLS 1.3" };

function configOf(given: Partial<Config> | null | undefined): Config {
  const c = given || {};
  return { ports: c.ports || [], nearExpiryDays: c.nearExpiryDays === undefined ? 30 : c.nearExpiryDays, timeoutMs: c.timeoutMs || 10000 };
}

/** Host and port of a target's address, and whether it is https. */
function placeOf(target: SecFlow.Target): { host: string; port: number; https: boolean } | null {
  const m = /^(https?):\/\/(\[[0-9a-fA-F:.]+\]|[^\/?#:@]+)(?::(\d{1,5}))?(?:[\/?#]|$)/i.exec(target.url || "");
  if (m === null) {
    return null;
  }

  const https = m[1].toLowerCase() === "https";
  return { host: m[2], port: m[3] ? parseInt(m[3], 10) : https ? 443 : 80, https };
}

class Look {
  found = 0;
  untested: { [id: string]: boolean } = {};

  constructor(private readonly ctx: SecFlow.Context<Config>, private readonly config: Config, private readonly facts: SecFlow.TlsFacts) {
  }

  run(now: number): void {
    const chain = this.facts.chain;
    if (chain.length > 0) {
      this.validity(chain[0], now);
      this.trust(chain[0]);
      this.strength(chain);
    }

    this.versions();
  }

  private validity(leaf: SecFlow.TlsCertificate, now: number): void {
    const [from, until] = [timeOf(leaf.notBefore), timeOf(leaf.notAfter)];
    const days = Math.floor((until - now) / 86400000);
    if (until < now) {
      this.report("tls.certificate-expired", "", "It expired on " + leaf.notAfter + ".");
    } else if (from > now) {
      this.report("tls.certificate-not-yet-valid", "", "It is valid from " + leaf.notBefore + ".");
    } else if (days < this.config.nearExpiryDays) {
      this.report("tls.certificate-expires-soon", "", "It expires on " + leaf.notAfter + ".");
    }
  }

  private trust(leaf: SecFlow.TlsCertificate): void {
    if (!this.facts.hostnameMatches) {
      this.report("tls.name-mismatch", "", "Its names: " + (leaf.names.length > 0 ? leaf.names.slice(0, 10).join(", ") : "none") + ".");
    }

    // times have findings of their own
    const problems = this.facts.trustProblems.filter(function (problem) {
      return problem !== "NotTimeValid" && problem !== "NotTimeNested";
    });
    if (leaf.selfSigned) {
      this.report("tls.self-signed", "", "Subject and issuer are " + leaf.subject + ".");
    } else if (problems.length > 0) {
      this.report("tls.untrusted-chain", "", "Why: " + problems.join(", ") + ".");
    }
  }

  private strength(chain: ReadonlyArray<SecFlow.TlsCertificate>): void {
    for (let i = 0; i < chain.length; i++) {
      const c = chain[i];
      const least = c.keyType === "RSA" || c.keyType === "DSA" ? 2048 : c.keyType === "ECDSA" ? 224 : 0;
      if (c.keyBits > 0 && c.keyBits < least) {
        this.report("tls.weak-key", c.subject, c.keyType + " with " + c.keyBits + " bits.");
      }

      // the signature of a root proves nothing and is not asked
      if (/md2|md4|md5|sha-?1(?!\d)/i.test(c.signatureAlgorithm) && !(c.selfSigned && i > 0)) {
        this.report("tls.weak-signature", c.subject, "Signed with " + c.signatureAlgorithm + ".");
      }
    }
  }

  private versions(): void {
    let modern = false;
    let unknown = false;
    for (let i = 0; i < this.facts.versions.length; i++) {
      const version = this.facts.versions[i];
      const old = version.name === "Tls10" || version.name === "Tls11";
      modern = modern || (!old && version.answer === "accepted");
      unknown = unknown || (!old && version.answer === "untested");
      if (old && version.answer === "accepted") {
        this.report("tls.old-protocol", versionWords[version.name], versionWords[version.name] + " was agreed on with " + version.cipher + ".");
      } else if (old && version.answer === "untested") {
        this.untested["tls.old-protocol"] = true;
      }
    }

    if (!modern && !unknown) {
      this.report("tls.no-modern-protocol", "", "");
    }
  }

  private report(id: string, parameter: string, note: string): void {
    const rule = rules[id];
    this.found++;
    const finding: SecFlow.Finding = {
      ruleId: id, title: (rule.title + (parameter ? ": " + parameter : "")).substr(0, 200), severity: rule.severity, confidence: 95, location: this.facts.host + ":" + this.facts.port,
      description: rule.description + (note ? " " + note : ""), remediation: rule.remediation, cwe: rule.cwe, owasp: rule.owasp,
      evidence: { request: "TLS handshakes with " + this.facts.host + " port " + this.facts.port, response: describe(this.facts), match: note.substr(0, 500) }
    };
    if (parameter) {
      finding.parameter = parameter.substr(0, 500);
    }

    this.ctx.finding(finding);
  }
}

/** The facts as lines of text, at most 6,000 characters. */
function describe(facts: SecFlow.TlsFacts): string {
  const lines: string[] = [];
  for (let i = 0; i < facts.versions.length; i++) {
    const v = facts.versions[i];
    lines.push(versionWords[v.name] + ": " + v.answer + (v.cipher ? ", " + v.cipher : "") + (v.answer === "untested" && v.reason ? ", " + v.reason : ""));
  }

  lines.push("trusted: " + (facts.trusted ? "yes" : "no, " + facts.trustProblems.join(", ")), "name matches: " + (facts.hostnameMatches ? "yes" : "no"));
  for (let i = 0; i < facts.chain.length; i++) {
    const c = facts.chain[i];
    lines.push(i + ": " + c.subject + ", issued by " + c.issuer + ", " + c.notBefore + " to " + c.notAfter + ", " + c.keyType + " " + c.keyBits + ", " + c.signatureAlgorithm + ", sha256 " + c.sha256);
  }

  return lines.join("\n").substr(0, 6000);
}

/** Milliseconds of `2026-01-31T00:00:00Z`. */
function timeOf(text: string): number {
  const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(text);
  return m === null ? NaN : Date.UTC(+m[1], +m[2] - 1, +m[3], +m[4], +m[5], +m[6]);
}

function assess(ctx: SecFlow.Context<Config>, config: Config, target: SecFlow.Target): void {
  const place = placeOf(target);
  if (place === null) {
    ctx.verdict("misused", "A target of kind " + target.kind + " has no host to speak TLS with; this plugin needs a url or a host.", { target: target.id, checks: [] });
    return;
  }

  const ports = config.ports.length > 0 ? config.ports : place.https || target.kind === "host" ? [target.kind === "host" ? 443 : place.port] : [];
  if (ports.length === 0) {
    ctx.verdict("completed", "The target's address is http: there is no TLS to look at. Name ports in the configuration to look at others.", { target: target.id, checks: [] });
    return;
  }

  let found = 0;
  const untested: string[] = [];
  const failures: string[] = [];
  for (let i = 0; i < ports.length && !ctx.cancelled(); i++) {
    try {
      const facts = ctx.tls({ host: place.host, port: ports[i], timeoutMs: config.timeoutMs });
      const look = new Look(ctx, config, facts);
      look.run(new Date().getTime());
      found += look.found;
      for (const id in look.untested) {
        if (untested.indexOf(id) < 0) {
          untested.push(id);
        }
      }
    } catch (e) {
      const error = e as SecFlow.CallError;
      if (!error.code || !/^SF(3|51)/.test(error.code)) {
        throw e;
      }

      failures.push("port " + ports[i] + ": " + error.code + " " + error.message);
    }
  }

  const checks = Object.keys(rules).filter(function (id) {
    return untested.indexOf(id) < 0;
  });
  if (failures.length === ports.length) {
    ctx.verdict("unreachable", failures.join("; ").substr(0, 900), { target: target.id, checks: [] });
  } else if (failures.length > 0) {
    ctx.verdict("partial", failures.join("; ").substr(0, 900), { target: target.id, checks: [] });
  } else if (ctx.cancelled()) {
    ctx.verdict("partial", "The run was cancelled.", { target: target.id, checks: [] });
  } else {
    ctx.verdict("completed", found + " findings." + (untested.length > 0 ? " TLS 1.0 and 1.1 could not all be tried: the scanning machine does not offer them." : ""), { target: target.id, checks });
  }
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const config = configOf(ctx.config);
    for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
      ctx.progress(100 * i / ctx.targets.length, "Handshakes with " + ctx.targets[i].name);
      assess(ctx, config, ctx.targets[i]);
    }

    ctx.progress(100, "Done");
  }
};
