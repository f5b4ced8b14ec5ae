// expect: Completed SF4003 SF4008 SF4002
// a chain of 100,000 bound functions overflows the native stack
module.exports = { execute: function (ctx) {
  var f = function () { return 1; };
  for (var i = 0; i < 100000; i++) { f = f.bind(null); }
  f();
} };
