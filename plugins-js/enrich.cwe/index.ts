interface Config {
  overwriteOwasp: boolean;
}

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const overwrite = ctx.config.overwriteOwasp === true;
    let seen = 0;
    let patched = 0;
    ctx.inputs.findings.each(function (finding: SecFlow.KnownFinding) {
      const patch = patchFor(finding, overwrite);
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

/** What the table adds to a finding; null when it adds nothing. */
function patchFor(finding: SecFlow.KnownFinding, overwrite: boolean): SecFlow.FindingPatch | null {
  const references = (finding.references || []).slice(0, 90);
  const known = references.join("\n");
  let added = false;
  let owasp = overwrite ? undefined : finding.owasp;
  const numbers = finding.cwe || [];
  for (let i = 0; i < numbers.length; i++) {
    const weakness = weaknesses[numbers[i]];
    if (!weakness) {
      continue;
    }

    const reference = "CWE-" + numbers[i] + " " + weakness[0] + ": https://cwe.mitre.org/data/definitions/" + numbers[i] + ".html";
    if (known.indexOf(reference) < 0 && references.length < 100) {
      references.push(reference);
      added = true;
    }

    owasp = owasp || (weakness[1] === 0 ? undefined : category(weakness[1]));
  }

  const patch: SecFlow.FindingPatch = { fingerprint: finding.fingerprint };
  if (added) {
    patch.references = references;
  }

  if (owasp && owasp !== finding.owasp) {
    patch.owasp = owasp;
  }

  return added || patch.owasp ? patch : null;
}

function category(number: number): string {
  return "A" + (number < 10 ? "0" : "") + number + ":2021";
}
