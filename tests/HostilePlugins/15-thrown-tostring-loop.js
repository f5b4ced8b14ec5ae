// expect: SF6001 SF4001 SF4002
// loops while the host describes what was thrown
module.exports = { execute: function (ctx) {
  throw { toString: function () { while (true) { } }, get message() { while (true) { } } };
} };
