// expect: SF4002 SF4004
// one native call over a billion items
module.exports = { execute: function (ctx) {
  new Array(1000000000).join('x');
} };
