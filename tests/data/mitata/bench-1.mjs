// Run as: node --expose-gc bench-1.mjs <path of mitata's main module> json|compact [failure]
import { pathToFileURL } from 'node:url';
const [, , path, form, extra] = process.argv;
const { bench, group, run, do_not_optimize } = await import(pathToFileURL(path));
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
group('fibonacci', () => {
  bench('fib($n)', function* (state) { const n = state.get('n'); yield () => do_not_optimize(fib(n)); }).args('n', [24, 28]);
});
bench('sort', () => Array.from({ length: 50000 }, (_, i) => (i * 7919) % 50000).sort((a, b) => a - b));
if (extra) bench('broken', () => { throw new TypeError('no such thing'); });
// mitata measures an empty function too: its samples are megabytes, and nobody's benchmark.
const print = (text) => { const all = JSON.parse(text); for (const one of Object.values(all.context.noop)) one.samples = null; console.log(JSON.stringify(all)); };
await run({ print, format: form === 'compact' ? { json: { debug: false, samples: false } } : 'json' });
