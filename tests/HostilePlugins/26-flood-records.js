// expect: SF4001 SF4002 SF4006 SF4009 SF4010
// emits records without end
module.exports = { execute: function (ctx) {
  var i = 0;
  while (true) { ctx.finding({ title: 'x' + i++, severity: 'info' }); }
} };
