// expect: Completed
// replaces what the host might use; the record arrives all the same
module.exports = { execute: function (ctx) {
  JSON.stringify = JSON.parse = function () { return 'polluted'; };
  Object.prototype.toJSON = undefined;
  Array.prototype.push = function () { throw new Error('polluted'); };
  String.prototype.split = Object.keys = function () { throw new Error('polluted'); };
  Object.prototype.title = 'polluted';
  try { ctx.verdict('no such verdict'); } catch (e) { if (!(e instanceof Error)) { throw e; } }
  ctx.finding({ title: 'true' });
} };
