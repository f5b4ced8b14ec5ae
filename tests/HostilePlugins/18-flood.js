// expect: SF4001 SF4002 SF4009 SF4010 SF4006
// writes without end
module.exports = { execute: function (ctx) {
  var line = new Array(16000).join('x');
  while (true) { ctx.log.info(line); ctx.progress(1, line); }
} };
