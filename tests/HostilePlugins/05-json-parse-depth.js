// expect: Completed
// JSON nested 50,000 deep is refused as a script exception
module.exports = { execute: function (ctx) {
  var s = '', i;
  for (i = 0; i < 50000; i++) { s += '['; }
  try { JSON.parse(s); } catch (e) { return; }
  throw new Error('parsed');
} };
