// Stands before a plugin and its index.test.js: collects what the tests say. One line of `tests` for each.
function test(name, body) {
  try {
    body();
    ctx.emit('tests', { name: String(name), ok: true });
  } catch (error) {
    ctx.emit('tests', { name: String(name), ok: false, message: String(error && error.message !== undefined ? error.message : error) });
  }
}

function equal(actual, expected, what) {
  var a = JSON.stringify(actual);
  var e = JSON.stringify(expected);
  if (a !== e) {
    throw new Error((what ? what + ': ' : '') + 'expected ' + e + ', found ' + a);
  }
}

function ok(value, what) {
  if (!value) {
    throw new Error(what || 'expected something true, found ' + JSON.stringify(value));
  }
}
