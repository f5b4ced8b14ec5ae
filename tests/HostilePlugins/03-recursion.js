// expect: SF4003
// a function that calls itself
module.exports = { execute: function (ctx) {
  function f() { return f(); }
  f();
} };
