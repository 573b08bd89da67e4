#![feature(test)]
extern crate test;
pub fn fib(n: u64) -> u64 { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
#[cfg(test)]
mod tests {
    use test::{black_box, Bencher};
    #[test]
    fn is_right() { assert_eq!(super::fib(10), 55); }
    #[bench]
    fn inner(b: &mut Bencher) { b.iter(|| super::fib(black_box(10))); }
}
