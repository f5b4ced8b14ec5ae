// expect: SF6003 Completed
// exports nothing (a bare script is complete without)
module.exports = { initialise: function () { } };
