// expect: Completed
// looks for the runtime behind every value that it can reach
module.exports = { execute: function (ctx) {
  var names = ['GetType', 'getType', 'Assembly', 'Target', 'Method', 'Invoke', 'DynamicInvoke', 'Engine', 'Reference'];
  var seen = [];
  function look(value, path) {
    if (value === null || value === undefined || path.length > 6 || seen.indexOf(value) >= 0) { return; }
    seen.push(value);
    names.forEach(function (name) {
      if (value[name] !== undefined) { throw new Error(path.concat(name).join('.')); }
    });
    if (typeof value === 'object' || typeof value === 'function') {
      Object.getOwnPropertyNames(value).forEach(function (name) {
        var next;
        try { next = value[name]; } catch (e) { return; }
        look(next, path.concat(name));
      });
      look(Object.getPrototypeOf(value), path.concat('prototype'));
      look(value.constructor, path.concat('constructor'));
    }
  }
  look(ctx, ['ctx']);
  if (typeof importNamespace !== 'undefined' || typeof System !== 'undefined' || typeof clr !== 'undefined') {
    throw new Error('a door to the runtime is open');
  }
} };
