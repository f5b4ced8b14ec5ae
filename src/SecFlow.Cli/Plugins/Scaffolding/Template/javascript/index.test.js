test('a header with a value is sent', function () {
  ok(sends({ 'x-test': ['1'] }, 'x-test'));
});

test('an empty or missing header is not sent', function () {
  equal(sends({ 'x-test': [' '] }, 'x-test'), false);
  equal(sends({}, 'x-test'), false);
});
