#include <benchmark/benchmark.h>
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

static void BM_Sort(benchmark::State& state) {
  std::vector<int> data(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    std::iota(data.rbegin(), data.rend(), 0);
    state.ResumeTiming();
    std::sort(data.begin(), data.end());
    benchmark::DoNotOptimize(data.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * static_cast<int64_t>(sizeof(int)));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_Sort)->Arg(256)->Arg(1024)->Complexity(benchmark::oNLogN);

template <class T>
static void BM_Join(benchmark::State& state) {
  double pieces = 0;
  for (auto _ : state) {
    std::string text;
    for (int i = 0; i < state.range(0); ++i) text += std::to_string(static_cast<T>(i));
    benchmark::DoNotOptimize(text.data());
    pieces += 1;
  }
  state.counters["pieces"] = benchmark::Counter(pieces, benchmark::Counter::kIsRate);
  state.counters["idle"] = 0;
  state.SetLabel("two words");
}
BENCHMARK_TEMPLATE(BM_Join, int)->ArgNames({"pieces", "width"})->Args({8, 2})->Unit(benchmark::kMicrosecond)->Threads(2)->UseRealTime();

static void BM_Broken(benchmark::State& state) {
  for (auto _ : state) {
    state.SkipWithError("the file \"x\" is not there");
    break;
  }
}
BENCHMARK(BM_Broken);

#ifdef WITH_SKIP
static void BM_Skipped(benchmark::State& state) {
  state.SkipWithMessage("needs a network");
  for (auto _ : state) {}
}
BENCHMARK(BM_Skipped);
#endif

#ifdef WITH_MEMORY
class Memory : public benchmark::MemoryManager {
 public:
  void Start() override {}
  void Stop(Result& result) override {
    result.num_allocs = 32;
    result.max_bytes_used = 4096;
    result.total_allocated_bytes = 8192;
    result.net_heap_growth = 0;
  }
};
#endif

int main(int argc, char** argv) {
#ifdef WITH_MEMORY
  static Memory memory;
  benchmark::RegisterMemoryManager(&memory);
#endif
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
