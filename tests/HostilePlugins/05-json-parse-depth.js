// expect: Completed
// JSON nested 50,000 deep is refused as a script exception
module.exports = { execute: function (ctx) {
  var s = '[';
  while (s.length < 50000) { s += s; }
  try { JSON.parse(s); } catch (e) { return; }
  throw new Error('parsed');
} };
