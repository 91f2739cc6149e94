// SPDX-License-Identifier: Apache-2.0
// A chunk begins with the layout, which its first histogram dictates; then come, histogram by
// histogram, time, counts, sum and buckets: of integers the change of the change, of floats XORs.
// Prometheus recodes chunks when buckets appear; here that begins a new one.
#include "exporter/read/histogram_chunk.h"

#include <cmath>
#include <utility>
#include <vector>

#include "exporter/read/prom_bits.h"

namespace outrider {
namespace {

bool SameLayout(const NativeHistogram& a, const NativeHistogram& b) {
  return a.is_float == b.is_float && a.schema == b.schema && a.zero_threshold == b.zero_threshold &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         a.custom_values == b.custom_values;
}

bool AnyLess(const std::vector<double>& now, const std::vector<double>& before) {
  for (size_t i = 0; i < now.size(); ++i) {
    if (now[i] < before[i]) return true;
  }
  return false;
}

// Of two of one layout.
bool WasReset(const NativeHistogram& before, const NativeHistogram& now) {
  return now.reset_hint == ResetHint::kYes || now.count < before.count ||
         now.zero_count < before.zero_count ||
         AnyLess(now.positive_buckets, before.positive_buckets) ||
         AnyLess(now.negative_buckets, before.negative_buckets);
}

bool Continues(const NativeHistogram& before, const NativeHistogram& now) {
  const bool gauge = now.reset_hint == ResetHint::kGauge;
  if (gauge != (before.reset_hint == ResetHint::kGauge) || !SameLayout(before, now)) return false;
  return gauge || !WasReset(before, now);
}

void PutSpans(const std::vector<BucketSpan>& spans, BitWriter* out) {
  PutVarbitUint(spans.size(), out);
  for (const BucketSpan& span : spans) {
    PutVarbitUint(span.length, out);
    PutVarbitInt(span.offset, out);
  }
}

// Powers of two, which thresholds are, in one byte.
void PutZeroThreshold(double threshold, BitWriter* out) {
  int exponent = 0;
  if (threshold == 0) return out->Put(0, 8);
  if (std::frexp(threshold, &exponent) != 0.5 || exponent < -242 || exponent > 11) {
    out->Put(255, 8);
    return PutDouble(threshold, out);
  }
  exponent += 243;
  out->Put(static_cast<uint64_t>(exponent), 8);
}

// Bounds of at most three decimals as whole thousandths.
void PutCustomBound(double bound, BitWriter* out) {
  constexpr double kMost = 33554430;
  const double thousandths = bound * 1000;
  const bool whole = std::round(thousandths) / 1000 == bound;
  if (whole && thousandths >= 0 && thousandths <= kMost) {
    return PutVarbitUint(static_cast<uint64_t>(std::llround(thousandths)) + 1, out);
  }
  out->Put(0, 1);
  PutDouble(bound, out);
}

void PutLayout(const NativeHistogram& h, BitWriter* out) {
  PutZeroThreshold(h.zero_threshold, out);
  PutVarbitInt(h.schema, out);
  PutSpans(h.positive_spans, out);
  PutSpans(h.negative_spans, out);
  if (h.schema != kCustomSchema) return;
  PutVarbitUint(h.custom_values.size(), out);
  for (const double bound : h.custom_values) PutCustomBound(bound, out);
}

// Buckets of an integer histogram, each as what it has more than the one below.
void AppendSteps(const std::vector<double>& buckets, std::vector<int64_t>* out) {
  int64_t below = 0;
  for (const double bucket : buckets) {
    const auto count = static_cast<int64_t>(bucket);
    out->push_back(count - below);
    below = count;
  }
}

// The numbers of an integer histogram in the order of the chunk; the sum stands behind the third.
std::vector<int64_t> NumbersOf(const HistogramSample& sample) {
  const NativeHistogram& h = sample.histogram;
  std::vector<int64_t> numbers = {sample.time, static_cast<int64_t>(h.count),
                                  static_cast<int64_t>(h.zero_count)};
  AppendSteps(h.positive_buckets, &numbers);
  AppendSteps(h.negative_buckets, &numbers);
  return numbers;
}
constexpr size_t kBeforeSum = 3;

int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

// The first of a run: all numbers as they are.
void PutFirst(const std::vector<int64_t>& numbers, double sum, BitWriter* out) {
  PutVarbitInt(numbers[0], out);
  PutVarbitUint(static_cast<uint64_t>(numbers[1]), out);
  PutVarbitUint(static_cast<uint64_t>(numbers[2]), out);
  PutDouble(sum, out);
  for (size_t k = kBeforeSum; k < numbers.size(); ++k) PutVarbitInt(numbers[k], out);
}

void PutIntegers(std::span<const HistogramSample> run, BitWriter* out) {
  std::vector<int64_t> before = NumbersOf(run[0]);
  std::vector<int64_t> changes(before.size());
  PromXorWindow window;
  PutFirst(before, run[0].histogram.sum, out);
  for (size_t i = 1; i < run.size(); ++i) {
    std::vector<int64_t> numbers = NumbersOf(run[i]);
    for (size_t k = 0; k < numbers.size(); ++k) {
      if (k == kBeforeSum) PutPromXor(run[i].histogram.sum, run[i - 1].histogram.sum, &window, out);
      const int64_t change = Minus(numbers[k], before[k]);
      PutVarbitInt(Minus(change, changes[k]), out);
      changes[k] = change;
    }
    if (numbers.size() == kBeforeSum)
      PutPromXor(run[i].histogram.sum, run[i - 1].histogram.sum, &window, out);
    before = std::move(numbers);
  }
}

std::vector<double> FloatsOf(const NativeHistogram& h) {
  std::vector<double> floats = {h.count, h.zero_count, h.sum};
  floats.insert(floats.end(), h.positive_buckets.begin(), h.positive_buckets.end());
  floats.insert(floats.end(), h.negative_buckets.begin(), h.negative_buckets.end());
  return floats;
}

void PutFloats(std::span<const HistogramSample> run, BitWriter* out) {
  std::vector<double> before;
  std::vector<PromXorWindow> windows;
  int64_t delta = 0;
  for (size_t i = 0; i < run.size(); ++i) {
    std::vector<double> floats = FloatsOf(run[i].histogram);
    if (i == 0) {
      windows.resize(floats.size());
      PutVarbitInt(run[0].time, out);
      for (const double value : floats) PutDouble(value, out);
    } else {
      const int64_t next = Minus(run[i].time, run[i - 1].time);
      PutVarbitInt(Minus(next, delta), out);
      delta = next;
      for (size_t k = 0; k < floats.size(); ++k) PutPromXor(floats[k], before[k], &windows[k], out);
    }
    before = std::move(floats);
  }
}

}  // namespace

size_t HistogramRun(std::span<const HistogramSample> histograms, size_t most) {
  if (IsStale(histograms[0].histogram)) return 1;
  size_t run = 1;
  while (run < histograms.size() && run < most && !IsStale(histograms[run].histogram) &&
         Continues(histograms[run - 1].histogram, histograms[run].histogram)) {
    ++run;
  }
  return run;
}

CounterReset ResetOf(const NativeHistogram* before, const NativeHistogram& first) {
  if (first.reset_hint == ResetHint::kGauge) return CounterReset::kGauge;
  if (first.reset_hint == ResetHint::kYes) return CounterReset::kYes;
  if (before != nullptr && SameLayout(*before, first) && !IsStale(*before) && !IsStale(first))
    return WasReset(*before, first) ? CounterReset::kYes : CounterReset::kNo;
  return first.reset_hint == ResetHint::kNo ? CounterReset::kNo : CounterReset::kUnknown;
}

std::string EncodeHistogramChunk(std::span<const HistogramSample> run, CounterReset reset) {
  BitWriter out;
  PutLayout(run[0].histogram, &out);
  if (run[0].histogram.is_float) {
    PutFloats(run, &out);
  } else {
    PutIntegers(run, &out);
  }
  return ChunkBytes(SampleCount(run.size()) + static_cast<char>(reset), out);
}

}  // namespace outrider
