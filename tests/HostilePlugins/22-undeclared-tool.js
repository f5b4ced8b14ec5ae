// expect: SF6001
// asks for a tool and a secret that it did not declare
module.exports = { execute: function (ctx) {
  try { ctx.secret('root'); } catch (e) { ctx.log.info(e.code); }
  ctx.tool('sh', ['-c', 'id']);
} };
