// Run as: node bench.mjs <folder of the tinybench package> tasks|results|table [more|failure]
import { pathToFileURL } from 'node:url';
const [, , folder, form, extra] = process.argv;
const { Bench } = await import(pathToFileURL(`${folder}/dist/index.js`));
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
const numbers = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
const bench = new Bench({ time: 1, iterations: 8, warmupTime: 1, warmupIterations: 2, name: 'numbers', retainSamples: extra !== 'centre' });
bench.add('fib(22)', () => fib(22)).add('sort 1,000 numbers', () => [...numbers].sort((a, b) => a - b));
if (extra === 'failure') bench.add('broken', () => { throw new TypeError('no such thing'); });
await bench.run();
const forms = {
  tasks: () => bench.tasks,
  results: () => bench.tasks.map(({ name, result }) => ({ name, result })),
  table: () => bench.table(),
};
console.log(JSON.stringify(forms[form](), null, 1));
