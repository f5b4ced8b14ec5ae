// expect: SF4001 SF4002 SF4004
// grows arrays and objects until memory ends
module.exports = { execute: function (ctx) {
  var all = [], i = 0;
  while (true) { all.push({ a: new Array(100).join('x') + i++, b: [i, i, i] }); }
} };
