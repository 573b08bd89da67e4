import { describe, test } from 'vitest';

const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
const numbers = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
const options = { time: 1, iterations: 8, warmupTime: 1, warmupIterations: 2 };

describe('fibonacci', () => {
  test.for([18, 22])('of %i', async (n, { bench }) => {
    await bench.compare(
      bench('recursive', () => { fib(n); }),
      bench('again', () => { fib(n); }),
      options,
    );
  });
});
test('sort', async ({ bench }) => {
  await bench('sort', options, () => { [...numbers].sort((a, b) => a - b); }).run();
});
