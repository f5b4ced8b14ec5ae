interface Config {
  ports?: string;
  serviceVersions?: boolean;
  timing?: number;
  timeout?: number;
}

const reportName = "report.xml";

/** Ports of the target as nmap takes them: those it was approved with, else that of its url, else those of the configuration. */
function portsOf(config: Config, target: SecFlow.Target): string {
  if (config.ports) {
    return config.ports;
  }

  const ports: number[] = target.ports ? target.ports.slice(0) : [];
  const m = target.url && target.kind === "url" ? /^(https?):\/\/(?:\[[^\]]*\]|[^:\/?#]+)(?::([0-9]+))?/i.exec(target.url) : null;
  if (m) {
    const own = m[2] ? Number(m[2]) : m[1].toLowerCase() === "https" ? 443 : 80;
    if (ports.indexOf(own) < 0) {
      ports.push(own);
    }
  }

  return ports.length > 0 ? ports.join(",") : "21-23,25,53,80,110,111,135,139,143,443,445,465,587,631,993,995,1433,1521,2049,2375,3000,3306,3389,5000,5432,5900,5985,6379,8000-8010,8080-8090,8443,8888,9000,9090,9200,11211,27017";
}

/** The host of a target as nmap takes it, or null. A network stays a network. */
function hostOf(target: SecFlow.Target): string | null {
  if (target.kind === "url") {
    const m = /^https?:\/\/(\[[^\]]*\]|[^:\/?#@]+)(?::[0-9]+)?(?:[\/?#]|$)/i.exec(target.url || target.value);
    return m ? plainHost(m[1].replace(/^\[|\]$/g, "")) : null;
  }

  return target.kind === "host" || target.kind === "cidr" ? plainHost(target.value.replace(/^\[|\]$/g, "")) : null;
}

function commandFor(config: Config, target: SecFlow.Target, host: string): string[] {
  // connect scan only: raw packets need rights that no sandbox gives
  const args = ["-sT", "-Pn", "-n", "-T" + (config.timing === undefined ? 4 : config.timing), "--max-retries", "1", "--max-rate", String(rateOf(target)), "--host-timeout", (config.timeout || 240) + "s"];
  if (config.serviceVersions !== false) {
    args.push("-sV");
  }

  if (host.indexOf(":") >= 0) {
    args.push("-6");
  }

  args.push("-p", portsOf(config, target), "--stats-every", "2s", "-oX", "/out/" + reportName, "--", host);
  return args;
}

/** What was read of one scan. */
interface Scan extends Reading {
  hosts: number;
  open: number;
  /** Ports that answered, open or closed. */
  answered: number;
  silentHosts: number;
  services: string;
  /** Ports of which it is known whether they are open, and those that say nothing. */
  told: { [rule: string]: boolean };
  /** Whether ports that are not listed one by one say nothing. */
  restFiltered: boolean;
  finished: string;
  error: string;
  total: number;
}

/** The host whose parts are being read. */
interface Host {
  up: boolean;
  ip: string;
  name: string;
  userName: string;
  answered: number;
}

/*
 * Raw text (docs: nmap.dtd), read element by element, so that one host may be as large as it likes:
 *   <nmaprun ...><scaninfo type="connect" protocol="tcp" numservices="2" services="22,80"/><taskprogress task="Service scan" percent="50.00"/>
 *   <host><status state="up" reason="user-set"/><address addr="127.0.0.1" addrtype="ipv4"/><hostnames><hostname name="h" type="user"/></hostnames>
 *     <ports><extraports state="closed" count="998"/><port protocol="tcp" portid="22"><state state="open"/><service name="ssh" product="OpenSSH" version="7.4"><cpe>cpe:/a:openbsd:openssh:7.4</cpe></service>
 *       <script id="vulners"><table key="cpe:..."><table><elem key="id">CVE-2018-15919</elem><elem key="cvss">5.0</elem></table></table></script></port></ports></host>
 *   <runstats><finished exit="success"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>       a killed nmap leaves out the end
 */
function parse(ctx: SecFlow.Context<Config>, raw: RanOutput): void {
  const scan: Scan = { records: 0, unread: 0, problem: "", hosts: 0, open: 0, answered: 0, silentHosts: 0, services: "", told: {}, restFiltered: false, finished: "", error: "", total: -1 };
  let host: Host = { up: false, ip: "", name: "", userName: "", answered: 0 };
  const report = reportOf(raw, reportName);
  try {
    ctx.parse.xml(report, function (element) {
      const a = element.attributes;
      if (element.name === "status") {
        leave(ctx, scan, host);
        host = { up: a.state === "up", ip: "", name: "", userName: "", answered: 0 };
      } else if (element.name === "address" && a.addrtype !== "mac" && host.ip === "") {
        host.ip = clipped(a.addr, 45);
      } else if (element.name === "hostname") {
        host.name = host.name || clipped(a.name, 253);
        host.userName = host.userName || (a.type === "user" ? clipped(a.name, 253) : "");
      } else if (element.name === "extraports") {
        host.answered += a.state === "closed" ? numberOf(a.count) || 0 : 0;
        scan.restFiltered = scan.restFiltered || a.state !== "closed";
      } else if (element.name === "port") {
        scan.records++;
        takePort(ctx, scan, host, element, raw.target);
      } else if (element.name === "scaninfo") {
        scan.services = clipped(a.services, 4000);
      } else if (element.name === "finished") {
        scan.finished = clipped(a.exit, 20) || "success";
        scan.error = clipped(a.errormsg, 500);
      } else if (element.name === "hosts") {
        scan.total = numberOf(a.total) === null ? -1 : Number(a.total);
      }
    }, { elements: ["status", "address", "hostname", "extraports", "port", "scaninfo", "finished", "hosts"] });
  } catch (e) {
    scan.unread++;
    scan.problem = messageOf(e);
  }

  leave(ctx, scan, host);
  const judged = judge(scan, raw);
  ctx.verdict(judged.kind, judged.reason, { target: raw.target === null ? undefined : raw.target, checks: judged.kind === "completed" ? (raw.checks || []).concat(portRules(scan)) : [] });
}

/** The end of a host: it is counted, and told to the nodes behind. */
function leave(ctx: SecFlow.Context<Config>, scan: Scan, host: Host): void {
  if (!host.up || host.ip === "") {
    return;
  }

  scan.hosts++;
  scan.answered += host.answered;
  scan.silentHosts += host.answered === 0 ? 1 : 0;
  ctx.emit("hosts", { host: host.userName || host.name || host.ip, ip: host.ip, source: "nmap" });
}

function child(element: any, name: string): any {
  for (let i = 0; i < element.children.length; i++) {
    if (element.children[i].name === name) {
      return element.children[i];
    }
  }

  return null;
}

function takePort(ctx: SecFlow.Context<Config>, scan: Scan, host: Host, element: any, target: string | null): void {
  const state = child(element, "state");
  const is = state === null ? "" : String(state.attributes.state);
  host.answered += is === "open" || is === "closed" || is === "unfiltered" ? 1 : 0;
  const port = numberOf(element.attributes.portid);
  if (port !== null && element.attributes.protocol === "tcp") {
    const rule = ruleOfPort(port, "tcp");
    scan.told[rule] = (is === "open" || is === "closed") && scan.told[rule] !== false;
  }

  if (is !== "open" || port === null || port < 1 || port > 65535 || host.ip === "") {
    return;
  }

  scan.open++;
  const protocol = clipped(element.attributes.protocol, 10) || "tcp";
  const service = child(element, "service");
  const facts = service === null ? {} : service.attributes;
  const name = host.userName || host.ip;
  const place = (name.indexOf(":") >= 0 ? "[" + name + "]" : name.toLowerCase()) + ":" + port;
  const said = clipped([facts.product, facts.version, facts.extrainfo].join(" ").replace(/\s+/g, " "), 300);
  const finding: SecFlow.Finding = {
    ruleId: ruleOfPort(port, protocol),
    title: "Open port: " + port + "/" + protocol,
    severity: "info",
    confidence: facts.method === "probed" || service === null ? 95 : 90,
    location: place,
    description: "Port " + port + "/" + protocol + " of " + host.ip + " is open" + (facts.name ? ": " + clipped(facts.name, 100) + (facts.tunnel ? " over " + clipped(facts.tunnel, 20) : "") : "") + (said === "" ? "." : ", " + said + ".")
      + (facts.method === "table" ? " The name of the service is the usual one for this port; nobody asked it." : ""),
    evidence: { match: place + (said === "" ? "" : " " + said) }
  };
  say(ctx, finding, target);
  if (protocol === "tcp" || protocol === "udp" || protocol === "sctp") {
    ctx.emit("services", serviceRecord(host, port, protocol, facts, service));
  }

  for (let i = 0; i < element.children.length; i++) {
    if (element.children[i].name === "script") {
      takeScript(ctx, element.children[i], place, port, protocol, target);
    }
  }
}

function ruleOfPort(port: number, protocol: string): string {
  return "open-port-" + port + "/" + protocol;
}

/** Rules of the ports of which it is known whether they are open: one that is closed in two complete scans is fixed. A filtered port is not known; of a very large range only the listed ones are. */
function portRules(scan: Scan): string[] {
  const rules: string[] = [];
  const ranges = scan.restFiltered ? [] : scan.services.split(",");
  for (let i = 0; i < ranges.length && rules.length <= 4000; i++) {
    const ends = ranges[i].split("-");
    for (let port = Number(ends[0]); port >= 1 && port <= Number(ends[ends.length - 1]) && rules.length <= 4000; port++) {
      const rule = ruleOfPort(port, "tcp");
      if (!scan.told.hasOwnProperty(rule)) {
        rules.push(rule);
      }
    }
  }

  const known = rules.length > 4000 ? [] : rules;
  for (const rule in scan.told) {
    if (scan.told.hasOwnProperty(rule) && scan.told[rule] && known.length < 4900) {
      known.push(rule);
    }
  }

  return known;
}

function serviceRecord(host: Host, port: number, protocol: string, facts: any, service: any): any {
  const record: any = { host: host.userName || host.name || host.ip, ip: host.ip, port: port, protocol: protocol };
  const cpe = service === null ? null : child(service, "cpe");
  const product = clipped(facts.product || facts.name, 200);
  if (product !== "") {
    record.product = product;
  }

  if (facts.version) {
    record.version = clipped(facts.version, 200);
  }

  if (cpe !== null && cpe.text) {
    record.cpe = clipped(cpe.text, 500);
  }

  return record;
}

function elems(table: any): { [key: string]: string } {
  const out: { [key: string]: string } = {};
  for (let i = 0; i < table.children.length; i++) {
    if (table.children[i].name === "elem" && table.children[i].attributes.key) {
      out[table.children[i].attributes.key] = table.children[i].text;
    }
  }

  return out;
}

/** What scripts say of weaknesses: the rows of vulners, and the tables of nmap's own library (`state` VULNERABLE). */
function takeScript(ctx: SecFlow.Context<Config>, script: any, place: string, port: number, protocol: string, target: string | null): void {
  const id = clipped(script.attributes.id, 100);
  for (let i = 0; i < script.children.length; i++) {
    const table = script.children[i];
    if (table.name !== "table") {
      continue;
    }

    if (id === "vulners") {
      for (let r = 0; r < table.children.length; r++) {
        takeVulner(ctx, elems(table.children[r]), clipped(table.attributes.key, 300), place, port, protocol, target);
      }
    } else if (/^(LIKELY )?VULNERABLE/.test(elems(table).state || "")) {
      takeVulnerable(ctx, id, table, place, target);
    }
  }
}

function takeVulner(ctx: SecFlow.Context<Config>, row: { [key: string]: string }, product: string, place: string, port: number, protocol: string, target: string | null): void {
  const id = clipped(row.id, 180);
  if (id === "") {
    return;
  }

  const score = numberOf(row.cvss) || 0;
  const cve = cvesOf([id]);
  const finding: SecFlow.Finding = {
    ruleId: "vulners:" + id,
    title: id,
    severity: severityOfScore(score),
    confidence: 40,
    location: place,
    description: "Known for the version that port " + port + "/" + protocol + " tells: " + product + ". CVSS " + score + (row.is_exploit === "true" ? ", an exploit of kind " + clipped(row.type, 40) : "") + ". Versions are often corrected without a new number: look before you act.",
    references: ["https://vulners.com/" + (cve.length > 0 ? "cve" : encodeURIComponent(clipped(row.type, 40) || "search")) + "/" + encodeURIComponent(id)]
  };
  if (cve.length > 0) {
    finding.cve = cve;
  }

  say(ctx, finding, target);
}

function takeVulnerable(ctx: SecFlow.Context<Config>, script: string, table: any, place: string, target: string | null): void {
  const row = elems(table);
  let ids: string[] = [];
  for (let i = 0; i < table.children.length; i++) {
    if (table.children[i].name === "table" && table.children[i].attributes.key === "ids") {
      for (let k = 0; k < table.children[i].children.length; k++) {
        ids.push(String(table.children[i].children[k].text).replace(/^CVE:/, ""));
      }
    }
  }

  ids = cvesOf(ids.concat([String(table.attributes.key || "")]));
  const finding: SecFlow.Finding = {
    ruleId: script + (ids.length > 0 ? ":" + ids[0] : ""),
    title: clipped(row.title || script, 200),
    severity: "high",
    confidence: /^LIKELY/.test(row.state) ? 50 : 80,
    location: place,
    description: "The script " + script + " says " + clipped(row.state, 100) + "."
  };
  if (ids.length > 0) {
    finding.cve = ids;
  }

  say(ctx, finding, target);
}

function say(ctx: SecFlow.Context<Config>, finding: SecFlow.Finding, target: string | null): void {
  if (target !== null) {
    finding.target = target;
  }

  ctx.finding(finding);
}

function judge(scan: Scan, raw: RanOutput): Judged {
  const ended = raw.ended;
  if (ended && ended.exitCode !== 0 && !ended.timedOut && scan.hosts === 0) {
    return { kind: ended.exitCode === 255 ? "misused" : "failed", reason: "nmap ended with " + ended.exitCode + ": " + ended.said };
  }

  if (ended && ended.timedOut) {
    return { kind: "partial", reason: "nmap was stopped when its time was over; " + scan.open + " open ports until then." };
  }

  if (scan.finished === "") {
    return { kind: scan.hosts > 0 ? "partial" : "failed", reason: "The report has no end: nmap was stopped or its output was cut" + (scan.problem === "" ? "." : " (" + scan.problem + ").") };
  }

  if (scan.unread > 0 || scan.finished !== "success") {
    return { kind: scan.hosts > 0 ? "partial" : "failed", reason: scan.finished === "success" ? "The report is not whole: " + scan.problem : "nmap did not end well: " + (scan.error || scan.finished) };
  }

  if (scan.hosts === 0) {
    return { kind: "unreachable", reason: scan.total === 0 ? "nmap looked at no host: the name did not resolve." : "No host is up." };
  }

  if (scan.answered === 0) {
    return { kind: "unreachable", reason: "No port answered, neither open nor closed: nobody is there, or everything is filtered." };
  }

  // in a network addresses without anybody are the rule: that they are silent is an answer
  const silent = scan.silentHosts > 0 ? " " + scan.silentHosts + " addresses did not answer at all." : "";
  return { kind: "completed", reason: scan.open + " open ports on " + scan.hosts + " hosts, " + scan.answered + " ports answered." + silent };
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    for (let i = 0; i < ctx.targets.length && !ctx.cancelled(); i++) {
      const target = ctx.targets[i];
      const host = hostOf(target);
      if (host === null) {
        ctx.verdict("misused", "The target " + target.value + " is no host, network or url that nmap takes.", { target: target.id, checks: [] });
        continue;
      }

      const args = commandFor(ctx.config, target, host);
      const result = ctx.tool("nmap", args, {
        files: [reportName], timeout: (ctx.config.timeout || 240) + 30,
        onLine: function (line) {
          const m = /([A-Za-z][A-Za-z -]*) Timing: About ([0-9.]+)% done/.exec(line);
          if (m) {
            ctx.progress(100 * (i + Number(m[2]) / 100) / ctx.targets.length, m[1] + ": " + target.name);
          }
        }
      });
      parse(ctx, { stdout: result.stdout, stderr: result.stderr, files: result.files, target: target.id, ended: endOf(result), checks: [checkOf("nmap", [args])] });
    }

    ctx.progress(100, "Done");
  },
  parse: parse
};
