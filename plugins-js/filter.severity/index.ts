interface Config {
  minSeverity: SecFlow.Severity;
  minConfidence: number;
}

const order: SecFlow.Severity[] = ["info", "low", "medium", "high", "critical"];

module.exports = {
  execute: function (ctx: SecFlow.Context<Config>): void {
    const severity = ctx.config.minSeverity || "low";
    const confidence = ctx.config.minConfidence || 0;
    let seen = 0;
    let hidden = 0;
    ctx.inputs.findings.each(function (finding: SecFlow.KnownFinding) {
      seen++;
      const why = order.indexOf(finding.severity) < order.indexOf(severity) ? "Its severity is " + finding.severity + "; this workflow shows " + severity + " and above."
        : (finding.confidence || 0) < confidence ? "Its confidence is " + (finding.confidence || 0) + " %; this workflow shows " + confidence + " % and above." : "";
      if (why !== "" && !finding.hidden) {
        hidden++;
        ctx.emit("findings", { fingerprint: finding.fingerprint, hidden: why });
      }
    });
    ctx.log.info(hidden + " of " + seen + " findings are hidden in this run.");
    ctx.progress(100, "Done");
  }
};
