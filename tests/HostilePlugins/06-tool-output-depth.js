// expect: Completed
// the same from a tool or a target, through the native parser
module.exports = { execute: function (ctx) {
  var s = '', i;
  for (i = 0; i < 50000; i++) { s += '['; }
  var r = ctx.parse.jsonLines(s + '\n{"a":1}', function (record) { ctx.log.info(record); });
  if (r.records !== 1 || r.skipped !== 1) { throw new Error(JSON.stringify(r)); }
} };
