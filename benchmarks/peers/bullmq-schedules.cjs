'use strict';
// node bullmq-schedules.cjs PORT SCHEDULES ROUNDS -> JSON array, one per round: how late the job of each of SCHEDULES job schedulers of one instant began, ms.
const { Worker, Queue } = require('bullmq');

const [port, schedules, rounds] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const everyMs = 15000;

(async () => {
  const queue = new Queue('due', { connection });
  for (let i = 0; i < schedules; i += 50) {
    await Promise.all(Array.from({ length: Math.min(50, schedules - i) }, (_, j) =>
      queue.upsertJobScheduler('s' + (i + j), { pattern: '*/15 * * * * *', tz: 'UTC' }, { name: 'run', opts: { removeOnComplete: true } })));
  }
  const first = Math.ceil((Date.now() + 3000) / everyMs) * everyMs;
  const late = Array.from({ length: rounds }, () => []);
  await new Promise((resolve, reject) => {
    const worker = new Worker('due', async job => {
      const now = Date.now();
      const due = job.opts.prevMillis ?? job.timestamp + (job.opts.delay ?? 0);
      const round = (due - first) / everyMs;
      if (round < 0 || round >= rounds) return;
      late[round].push(now - due);
      if (round === rounds - 1 && late[round].length === schedules) resolve();
    }, { connection, concurrency: 1 });
    worker.on('error', error => console.error(error.message));
    setTimeout(() => reject(new Error('not all of them began: ' + late.map(l => l.length))), first - Date.now() + (rounds + 2) * everyMs).unref();
  });
  console.log(JSON.stringify(late));
  process.exit(0);
})().catch(error => { console.error(error); process.exit(1); });
