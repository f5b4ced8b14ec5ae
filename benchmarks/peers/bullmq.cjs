'use strict';
// node bullmq.cjs PORT STEPS RUNS -> JSON array: milliseconds of each run of a BullMQ flow, a chain of STEPS jobs, each in a reused child process.
const { Worker, FlowProducer } = require('bullmq');

const [port, steps, runs] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };

function chain(i) {
  const job = { name: 's' + i, queueName: 'steps', data: { n: 10, i }, opts: { removeOnComplete: true } };
  return i === 0 ? job : { ...job, children: [chain(i - 1)] };
}

(async () => {
  const flow = new FlowProducer({ connection });
  const worker = new Worker('steps', require('path').join(__dirname, 'bullmq-step.cjs'), { connection, concurrency: 1 });
  await worker.waitUntilReady();
  const totals = [];
  for (let run = -1; run < runs; run++) {
    let done = 0;
    const end = new Promise((resolve, reject) => {
      worker.removeAllListeners('completed');
      worker.removeAllListeners('failed');
      worker.on('completed', () => { if (++done === steps) resolve(); });
      worker.on('failed', (_, error) => reject(error));
    });
    const began = performance.now();
    await flow.add(chain(steps - 1));
    await end;
    // the first one starts the child
    if (run >= 0) totals.push(performance.now() - began);
  }
  await worker.close();
  await flow.close();
  console.log(JSON.stringify(totals));
  process.exit(0);
})().catch(error => { console.error(error); process.exit(1); });
