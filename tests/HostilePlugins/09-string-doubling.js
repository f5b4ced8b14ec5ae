// expect: SF4004
// doubles a string until memory ends
module.exports = { execute: function (ctx) {
  var s = 'x';
  while (true) { s += s; s.length; s.charAt(s.length - 1); }
} };
