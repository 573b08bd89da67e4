use criterion::{black_box, criterion_group, criterion_main, BenchmarkId, Criterion, SamplingMode, Throughput};
use std::time::Duration;

fn alone(c: &mut Criterion) {
    c.bench_function("fib 12", |b| b.iter(|| sample::fib(black_box(12))));
}

fn grouped(c: &mut Criterion) {
    let mut group = c.benchmark_group("sum/bytes");
    for size in [64u64, 1024] {
        let data = vec![1u8; size as usize];
        group.throughput(Throughput::Bytes(size));
        group.bench_with_input(BenchmarkId::new("fold", size), &data, |b, d| {
            b.iter(|| d.iter().fold(0u64, |a, x| a + black_box(u64::from(*x))))
        });
    }
    group.finish();
    let mut group = c.benchmark_group("flat");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(100));
    group.bench_function("loop", |b| b.iter(|| (0..100u64).map(black_box).sum::<u64>()));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(20)).measurement_time(Duration::from_millis(60));
    targets = alone, grouped
}
criterion_main!(benches);
