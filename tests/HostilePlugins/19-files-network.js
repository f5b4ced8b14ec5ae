// expect: Completed
// asks for modules, files and sockets by every usual name
module.exports = { execute: function (ctx) {
  var globals = ['require', 'process', 'Deno', 'fetch', 'XMLHttpRequest', 'WebSocket', 'importScripts', 'Java', 'Packages', 'ActiveXObject', 'setTimeout', 'File'];
  globals.forEach(function (name) {
    var value = this[name];
    if (value === undefined) { return; }
    try { value('fs'); } catch (e) { return; }
    throw new Error(name + ' works');
  }, (function () { return this; })());
} };
