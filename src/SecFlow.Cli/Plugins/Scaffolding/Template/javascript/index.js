'use strict';

// Whether an answer has a header with a value.
function sends(headers, header) {
  var values = headers[header];
  return values !== undefined && values.some(function (value) { return value.trim().length > 0; });
}

module.exports = {
  execute: function (ctx) {
    var header = (ctx.config.header || 'content-security-policy').toLowerCase();
    for (var i = 0; i < ctx.targets.length; i++) {
      var target = ctx.targets[i];
      if (!target.url) {
        ctx.verdict('misused', 'the target is not a web site', { target: target.id });
        continue;
      }

      var answer;
      try {
        answer = ctx.http({ url: target.url });
      } catch (error) {
        ctx.verdict('unreachable', error.message, { target: target.id });
        continue;
      }

      if (!sends(answer.headers, header)) {
        ctx.finding({
          ruleId: '{{name}}.missing-header',
          title: 'The header ' + header + ' is missing',
          severity: 'low',
          confidence: 90,
          location: target.url,
          description: 'The front page answers without the header ' + header + '.',
          remediation: 'Send the header ' + header + ' with every page.',
          evidence: { response: 'HTTP ' + answer.status }
        });
      }

      ctx.verdict('completed', 'one request', { target: target.id, checks: ['{{name}}.missing-header'] });
    }
  }
};
