package other

import "testing"

func BenchmarkSort(b *testing.B) {
	b.Log("text between")
	for i := 0; i < b.N; i++ {
		_ = i * i
	}
}
