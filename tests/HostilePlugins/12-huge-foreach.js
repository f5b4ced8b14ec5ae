// expect: SF4002
// one native call over four billion holes
module.exports = { execute: function (ctx) {
  var a = [];
  a.length = 4294967295;
  a.forEach(function () { });
} };
