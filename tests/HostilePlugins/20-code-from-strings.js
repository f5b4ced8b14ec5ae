// expect: Completed
// runs code that was not signed
module.exports = { execute: function (ctx) {
  [function () { return eval('1 + 1'); }, function () { return new Function('return 1')(); },
    function () { return (function () { }).constructor('return 1')(); }].forEach(function (attempt) {
    try { attempt(); } catch (e) { return; }
    throw new Error('code from a string ran');
  });
} };
