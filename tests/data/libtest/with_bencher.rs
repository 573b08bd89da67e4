use bencher::{benchmark_group, benchmark_main, black_box, Bencher};
fn fib_15(b: &mut Bencher) { b.iter(|| sample::fib(black_box(15))); }
fn copy(b: &mut Bencher) { let d = vec![1u8; 4096]; b.bytes = 4096; b.iter(|| d.clone()); }
benchmark_group!(benches, fib_15, copy);
benchmark_main!(benches);
