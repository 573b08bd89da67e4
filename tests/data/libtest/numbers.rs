#![feature(test)]
extern crate test;
use test::{black_box, Bencher};
#[bench]
fn fib_20(b: &mut Bencher) { b.iter(|| sample::fib(black_box(20))); }
#[bench]
fn tiny(b: &mut Bencher) { b.iter(|| black_box(1)); }
#[bench]
#[ignore]
fn slow(b: &mut Bencher) { b.iter(|| sample::fib(black_box(40))); }
mod bytes {
    use super::*;
    #[bench]
    fn sum(b: &mut Bencher) { let d = vec![1u8; 4096]; b.bytes = 4096; b.iter(|| d.iter().fold(0u64, |a, x| a + black_box(u64::from(*x)))); }
}
