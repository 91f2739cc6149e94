// SPDX-License-Identifier: Apache-2.0
// Histogram chunks that we did not write, and histograms out of the same bytes that we did.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "storage/window/chunk_histogram.h"

namespace {

using outrider::HistogramSample;
using outrider::NativeHistogram;

// Takes values off the input; zeros when it has ended.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool AtEnd() const { return size_ == 0; }
  template <typename T>
  T Take() {
    T value{};
    const size_t taken = size_ < sizeof value ? size_ : sizeof value;
    if (taken != 0) std::memcpy(&value, data_, taken);
    data_ += taken;
    size_ -= taken;
    return value;
  }
  double Count() {  // any double, small whole numbers more often
    const auto what = Take<uint8_t>();
    if (what < 0x80) return what;
    return what < 0xc0 ? static_cast<double>(Take<uint32_t>()) : Take<double>();
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

void TakeSide(Input& in, std::vector<outrider::BucketSpan>* spans, std::vector<double>* buckets) {
  const size_t count = in.Take<uint8_t>() % 5;
  for (size_t i = 0; i < count; ++i) {
    const auto length = static_cast<uint32_t>(in.Take<uint8_t>() % 9);
    spans->push_back({in.Take<int32_t>(), length});
    buckets->resize(buckets->size() + length);
  }
}

NativeHistogram TakeShape(Input& in) {
  NativeHistogram h;
  const auto what = in.Take<uint8_t>();
  h.is_float = (what & 1) != 0;
  h.schema = (what & 2) != 0 ? outrider::kCustomSchema : in.Take<int8_t>();
  if ((what & 4) != 0) h.zero_threshold = in.Take<double>();
  TakeSide(in, &h.positive_spans, &h.positive_buckets);
  if ((what & 8) != 0) TakeSide(in, &h.negative_spans, &h.negative_buckets);
  if ((what & 2) != 0)
    for (size_t n = in.Take<uint8_t>() % 20; n > 0; --n) h.custom_values.push_back(in.Count());
  return h;
}

void TakeValues(Input& in, HistogramSample* sample) {
  NativeHistogram& h = sample->histogram;
  const auto what = in.Take<uint8_t>();
  sample->time = static_cast<int64_t>(static_cast<uint64_t>(sample->time) + in.Take<uint16_t>());
  h.reset_hint = static_cast<outrider::ResetHint>(what & 3);
  if ((what & 4) != 0) return;  // the rest as before
  if ((what & 8) != 0) sample->time = in.Take<int64_t>();
  h.count = in.Count();
  h.zero_count = in.Count();
  for (double& bucket : h.positive_buckets) bucket = in.Count();
  for (double& bucket : h.negative_buckets) bucket = in.Count();
  h.sum = (what & 16) != 0 ? outrider::StaleNan() : in.Take<double>();
}

void Require(bool fact) {
  if (!fact) __builtin_trap();
}

void ExpectRead(const outrider::HistogramChunkWriter& writer,
                const std::vector<HistogramSample>& samples) {
  outrider::HistogramChunkReader reader(writer.bytes(), writer.count());
  HistogramSample read;
  Require(writer.count() == samples.size());
  for (const HistogramSample& sample : samples) {
    Require(reader.Next(&read));
    Require(read.time == sample.time);
    const bool stale = IsStale(sample.histogram);
    Require(SameBits(read.histogram, stale ? outrider::StaleHistogram() : sample.histogram));
  }
  Require(!reader.Next(&read) && reader.ok());
}

// What a chunk took must come out as it went in; a new chunk takes every valid shape.
void RoundTrip(const uint8_t* data, size_t size) {
  Input in(data, size);
  outrider::HistogramChunkWriter writer;
  std::vector<HistogramSample> taken;
  HistogramSample sample;
  while (!in.AtEnd()) {
    if (in.Take<uint8_t>() % 8 == 0) sample.histogram = TakeShape(in);
    TakeValues(in, &sample);
    if (!writer.Append(sample)) {
      ExpectRead(writer, taken);
      writer.Clear();
      taken.clear();
      const bool took = writer.Append(sample);
      Require(took == (ValidateShape(sample.histogram).ok() || IsStale(sample.histogram)));
      if (!took) continue;
    }
    taken.push_back(sample);
  }
  ExpectRead(writer, taken);
}

// What was read is fit for whoever walks the buckets, and for the next fewer of them.
void ReadForeign(const uint8_t* data, size_t size) {
  outrider::HistogramChunkReader reader({data, size}, 200);
  HistogramSample sample;
  while (reader.Next(&sample)) {
    Require(ValidateShape(sample.histogram).ok());
    if (sample.histogram.positive_spans.size() > 64) continue;
    (void)ValidateHistogram(sample.histogram);
    ReduceResolution(outrider::kMinSchema, &sample.histogram);
    Require(ValidateShape(sample.histogram).ok());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  RoundTrip(data, size);
  ReadForeign(data, size);
  return 0;
}
