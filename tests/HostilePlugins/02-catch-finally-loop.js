// expect: SF4001 SF4002
// tries to swallow the limit
module.exports = { execute: function (ctx) {
  while (true) { try { throw 1; } catch (e) { } finally { continue; } }
} };
