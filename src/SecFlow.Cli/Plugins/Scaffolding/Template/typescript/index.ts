interface Settings {
  /** Header that the front page must send. */
  header?: string;
}

/** Whether an answer has a header with a value. */
function sends(headers: SecFlow.HttpResponse["headers"], header: string): boolean {
  const values = headers[header];
  return values !== undefined && values.some(value => value.trim().length > 0);
}

const plugin: SecFlow.Plugin<Settings> = {
  execute(ctx) {
    const header = (ctx.config.header || "content-security-policy").toLowerCase();
    for (const target of ctx.targets) {
      if (!target.url) {
        ctx.verdict("misused", "the target is not a web site", { target: target.id });
        continue;
      }

      let answer: SecFlow.HttpResponse;
      try {
        answer = ctx.http({ url: target.url });
      } catch (error) {
        ctx.verdict("unreachable", (error as SecFlow.CallError).message, { target: target.id });
        continue;
      }

      if (!sends(answer.headers, header)) {
        ctx.finding({
          ruleId: "{{name}}.missing-header",
          title: `The header ${header} is missing`,
          severity: "low",
          confidence: 90,
          location: target.url,
          description: `The front page answers without the header ${header}.`,
          remediation: `Send the header ${header} with every page.`,
          evidence: { response: `HTTP ${answer.status}` },
        });
      }

      ctx.verdict("completed", "one request", { target: target.id, checks: ["{{name}}.missing-header"] });
    }
  },
};

module.exports = plugin;
