'use strict';
function fibonacci(n) { return n <= 1 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
module.exports = async job => fibonacci(job.data.n);
