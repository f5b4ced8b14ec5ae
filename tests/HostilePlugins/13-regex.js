// expect: SF4002
// a regular expression that backtracks for ever
module.exports = { execute: function (ctx) {
  var s = '';
  for (var i = 0; i < 50; i++) { s += 'a'; }
  /^(a+)+$/.test(s + '!');
} };
