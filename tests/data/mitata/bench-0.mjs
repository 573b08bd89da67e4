// Run as: node bench-0.mjs <path of mitata's cli module> [failure]
import { pathToFileURL } from 'node:url';
const [, , path, extra] = process.argv;
const { bench, group, run } = await import(pathToFileURL(path));
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
group('fibonacci', () => { bench('fib(28)', () => fib(28)); bench('fib(24)', () => fib(24)); });
bench('sort', () => Array.from({ length: 50000 }, (_, i) => (i * 7919) % 50000).sort((a, b) => a - b));
if (extra) bench('broken', () => { throw new TypeError('no such thing'); });
await run({ json: 1 });
