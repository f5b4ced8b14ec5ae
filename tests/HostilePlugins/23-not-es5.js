// expect: SF6002
// is not ES5
const f = async () => { await 1; };
