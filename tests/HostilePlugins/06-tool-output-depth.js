// expect: Completed
// the same from a tool or a target, through the native parser
module.exports = { execute: function (ctx) {
  var s = '[';
  while (s.length < 50000) { s += s; }
  var r = ctx.parse.jsonLines(s + '\n{"a":1}', function (record) { ctx.log.info(record); });
  if (r.records !== 1 || r.skipped !== 1) { throw new Error(JSON.stringify(r)); }
} };
