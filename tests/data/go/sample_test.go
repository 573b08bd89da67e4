// What the samples measure.
package sample

import (
	"fmt"
	"sort"
	"strings"
	"testing"
)

func BenchmarkSort(b *testing.B) {
	for _, size := range []int{10, 1000} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			b.SetBytes(int64(8 * size))
			for i := 0; i < b.N; i++ {
				values := make([]int, size)
				for n := range values {
					values[n] = n * 7919 % size
				}
				sort.Ints(values)
			}
		})
	}
}

func BenchmarkJoin(b *testing.B) {
	words := strings.Split(strings.Repeat("word ", 50), " ")
	b.ReportMetric(50, "words/op")
	for i := 0; i < b.N; i++ {
		_ = strings.Join(words, "-")
	}
}

func BenchmarkNamed(b *testing.B) {
	b.Run("utf-8", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			_ = strings.ToUpper("größe")
		}
	})
}
