// expect: SF4001 SF4002
// never ends
module.exports = { execute: function (ctx) {
  while (true) { }
} };
