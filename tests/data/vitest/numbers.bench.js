import { bench, describe } from 'vitest';

const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
const numbers = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
const options = { time: 1, iterations: 8, warmupTime: 1, warmupIterations: 2 };

describe('fibonacci', () => {
  describe.each([18, 22])('of %i', (n) => {
    bench('recursive', () => { fib(n); }, options);
    bench('again', () => { fib(n); }, options);
  });
});
bench('sort', () => { [...numbers].sort((a, b) => a - b); }, options);
