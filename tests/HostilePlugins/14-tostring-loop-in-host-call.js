// expect: SF4001 SF4002
// loops while the host converts an argument
module.exports = { execute: function (ctx) {
  ctx.log.info({ toString: function () { while (true) { } }, toJSON: function () { while (true) { } } });
} };
