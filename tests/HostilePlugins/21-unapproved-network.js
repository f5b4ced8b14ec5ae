// expect: SF6001
// asks the engine for an address that is no target
module.exports = { execute: function (ctx) {
  ctx.http({ url: 'http://127.0.0.1:1/' });
} };
