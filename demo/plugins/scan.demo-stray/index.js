// Leaves the scope on purpose: the request below is refused by the engine before anything is resolved or sent.
module.exports = {
  execute: function (ctx) {
    ctx.log.info('asking for http://elsewhere.example/, which is no target of this run');
    try {
      ctx.http({ url: 'http://elsewhere.example/' });
    } catch (refusal) {
      ctx.verdict('partial', refusal.code + ': the only request was refused', { target: ctx.targets[0].id });
    }
  }
};
