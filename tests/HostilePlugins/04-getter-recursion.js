// expect: SF4003
// a getter and a toString that call themselves, which the interpreter does not count as calls
module.exports = { execute: function (ctx) {
  var o = { toString: function () { return '' + this; } };
  Object.defineProperty(o, 'x', { get: function () { return this.x; } });
  try { o.x; } catch (e) { ctx.log.warn(e); }
  String(o);
} };
