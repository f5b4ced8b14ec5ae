module.exports = {
  execute: function (ctx) {
    for (var i = 0; i < ctx.targets.length; i++) {
      ctx.finding({ ruleId: 'sample', title: 'The sample has run', severity: 'info', confidence: 100, location: ctx.targets[i].url });
      ctx.verdict('completed', 'nothing was asked', { target: ctx.targets[i].id, checks: ['sample'] });
    }
  }
};
