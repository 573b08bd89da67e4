"""Measure: run benchmarks. Parity first, then warm-up, sampling and metrics."""
