// SPDX-License-Identifier: Apache-2.0
#include "storage/window/chunk_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

namespace outrider {
namespace {

constexpr size_t kFullBytes = 256U << 10;  // about a block: histograms of very many buckets
constexpr uint64_t kUsualThreshold = std::bit_cast<uint64_t>(0x1p-128);

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

bool IsWhole(double value) {
  return !std::signbit(value) && value < 0x1p64 && std::trunc(value) == value;
}

// Every count in the order of the layout, until `visit(i, count)` is false; whether none was.
template <typename Histogram, typename Visit>
bool EachCount(Histogram& histogram, Visit visit) {
  if (!visit(0, histogram.count) || !visit(1, histogram.zero_count)) return false;
  size_t i = 2;
  for (auto& bucket : histogram.positive_buckets)
    if (!visit(i++, bucket)) return false;
  for (auto& bucket : histogram.negative_buckets)
    if (!visit(i++, bucket)) return false;
  return true;
}

size_t NumCounts(const NativeHistogram& histogram) {
  return 2 + histogram.positive_buckets.size() + histogram.negative_buckets.size();
}

bool AllWhole(const NativeHistogram& histogram) {
  return EachCount(histogram, [](size_t /*i*/, double count) { return IsWhole(count); });
}

uint64_t ToWord(bool xor_coded, double count) {
  return xor_coded ? Bits(count) : static_cast<uint64_t>(count);
}

uint64_t SignedNumber(int32_t value) { return ZigZag(static_cast<uint64_t>(int64_t{value})); }

void PutSpans(const std::vector<BucketSpan>& spans, BitWriter* out) {
  out->PutNumber(spans.size());
  for (const BucketSpan& span : spans) {
    out->PutNumber(SignedNumber(span.offset));
    out->PutNumber(span.length);
  }
}

// An int32 as SignedNumber has it.
bool GetSigned(BitReader* in, int32_t* value) {
  const auto wide = static_cast<int64_t>(UnZigZag(in->GetNumber()));
  *value = static_cast<int32_t>(wide);
  return in->ok() && *value == wide;
}

template <typename T>
size_t HeapBytes(const std::vector<T>& v) {
  return v.capacity() * sizeof(T);
}

}  // namespace

void HistogramValueRow::Resize(size_t values, bool coded_as_xor) {
  xor_coded = coded_as_xor;
  words.resize(values);
  if (xor_coded) {
    windows.resize(values);
  } else {
    deltas.resize(values);
  }
}

bool HistogramChunkWriter::Fits(const NativeHistogram& histogram) const {
  if (!has_shape_) return ValidateShape(histogram).ok();
  if (histogram.positive_buckets.size() != positive_ || NumCounts(histogram) != row_.words.size())
    return false;
  const auto same_bits = [](double a, double b) { return SameBits(a, b); };
  return histogram.schema == shape_.schema && histogram.is_float == shape_.is_float &&
         SameBits(histogram.zero_threshold, shape_.zero_threshold) &&
         histogram.positive_spans == shape_.positive_spans &&
         histogram.negative_spans == shape_.negative_spans &&
         std::equal(histogram.custom_values.begin(), histogram.custom_values.end(),
                    shape_.custom_values.begin(), shape_.custom_values.end(), same_bits) &&
         (row_.xor_coded || AllWhole(histogram));
}

void HistogramChunkWriter::PutTime(Timestamp time) {
  const auto t = static_cast<uint64_t>(time);
  if (count_ == 0) {
    first_time_ = time;
    out_.Put(t, 64);
  } else {
    const uint64_t delta = t - time_;
    out_.PutTime(delta - delta_);
    delta_ = delta;
  }
  time_ = t;
}

void HistogramChunkWriter::PutShape(const NativeHistogram& histogram) {
  has_shape_ = true;
  shape_.schema = histogram.schema;
  shape_.is_float = histogram.is_float;
  shape_.zero_threshold = histogram.zero_threshold;
  shape_.positive_spans = histogram.positive_spans;
  shape_.negative_spans = histogram.negative_spans;
  shape_.custom_values = histogram.custom_values;
  positive_ = histogram.positive_buckets.size();
  row_.Resize(NumCounts(histogram), histogram.is_float || !AllWhole(histogram));

  out_.Put(histogram.is_float ? 1 : 0, 1);
  out_.Put(row_.xor_coded ? 1 : 0, 1);
  out_.PutNumber(SignedNumber(histogram.schema));
  XorWindow window;
  out_.PutXor(Bits(histogram.zero_threshold) ^ kUsualThreshold, &window);
  PutSpans(histogram.positive_spans, &out_);
  PutSpans(histogram.negative_spans, &out_);
  out_.PutNumber(histogram.custom_values.size());
  window = {};
  uint64_t before = 0;
  for (const double value : histogram.custom_values) {
    out_.PutXor(Bits(value) ^ before, &window);
    before = Bits(value);
  }
}

bool HistogramChunkWriter::IsSame(const NativeHistogram& histogram) const {
  return Bits(histogram.sum) == row_.sum && EachCount(histogram, [this](size_t i, double count) {
           return ToWord(row_.xor_coded, count) == row_.words[i];
         });
}

void HistogramChunkWriter::PutCounts(const NativeHistogram& histogram) {
  EachCount(histogram, [this](size_t i, double count) {
    const uint64_t word = ToWord(row_.xor_coded, count);
    if (row_.xor_coded) {
      out_.PutXor(word ^ row_.words[i], &row_.windows[i]);
    } else {
      const uint64_t delta = word - row_.words[i];
      out_.PutNumber(ZigZag(delta - row_.deltas[i]));
      row_.deltas[i] = delta;
    }
    row_.words[i] = word;
    return true;
  });
}

void HistogramChunkWriter::PutValues(const NativeHistogram& histogram) {
  const bool first = !has_shape_;
  if (first) PutShape(histogram);
  if (histogram.reset_hint == hint_) {
    out_.Put(0, 1);
  } else {
    out_.Put(0b100U | static_cast<uint64_t>(histogram.reset_hint), 3);
    hint_ = histogram.reset_hint;
  }
  const bool same = !first && IsSame(histogram);
  if (!first) out_.Put(same ? 1 : 0, 1);
  if (!same) {
    PutCounts(histogram);
    out_.PutXor(Bits(histogram.sum) ^ row_.sum, &row_.sum_window);
    row_.sum = Bits(histogram.sum);
  }
  // The first values are no increase.
  if (same || first) std::fill(row_.deltas.begin(), row_.deltas.end(), 0);
}

bool HistogramChunkWriter::Append(const HistogramSample& sample) {
  const bool stale = IsStale(sample.histogram);
  if (count_ > 0 && bytes().size() >= kFullBytes) return false;
  if (!stale && !Fits(sample.histogram)) return false;
  PutTime(sample.time);
  out_.Put(stale ? 1 : 0, 1);
  if (!stale) PutValues(sample.histogram);
  ++count_;
  return true;
}

size_t HistogramChunkWriter::capacity() const {
  return out_.capacity() + HeapBytes(shape_.positive_spans) + HeapBytes(shape_.negative_spans) +
         HeapBytes(shape_.custom_values) + HeapBytes(row_.words) + HeapBytes(row_.deltas) +
         HeapBytes(row_.windows);
}

ChunkBytes HistogramChunkWriter::Take(uint32_t* size) {
  const std::span<const uint8_t> from = bytes();
  *size = static_cast<uint32_t>(from.size());
  ChunkBytes taken(static_cast<uint8_t*>(std::malloc(std::max<size_t>(from.size(), 1))));
  if (taken == nullptr) throw std::bad_alloc();
  if (!from.empty()) std::memcpy(taken.get(), from.data(), from.size());
  Clear();
  return taken;
}

void HistogramChunkReader::GetTime() {
  if (first_) {
    first_ = false;
    time_ = in_.Get(64);
  } else {
    delta_ += in_.GetTime();
    time_ += delta_;
  }
}

// Nothing is allocated that the bytes left cannot fill: a span takes at least two bits, a count
// and a custom value one.
bool HistogramChunkReader::GetSpans(std::vector<BucketSpan>* spans, std::vector<double>* buckets) {
  const uint64_t number = in_.GetNumber();
  if (!in_.ok() || number > in_.left() / 2) return false;
  spans->resize(number);
  uint64_t total = 0;
  for (BucketSpan& span : *spans) {
    if (!GetSigned(&in_, &span.offset)) return false;
    const uint64_t length = in_.GetNumber();
    if (length > std::numeric_limits<uint32_t>::max()) return false;
    span.length = static_cast<uint32_t>(length);
    total += length;
  }
  if (total > in_.left()) return false;
  buckets->resize(total);
  return true;
}

bool HistogramChunkReader::GetCustomValues() {
  const uint64_t number = in_.GetNumber();
  if (!in_.ok() || number > in_.left()) return false;
  last_.custom_values.resize(number);
  XorWindow window;
  uint64_t value = 0;
  for (double& bound : last_.custom_values) {
    value ^= in_.GetXor(&window);
    bound = std::bit_cast<double>(value);
  }
  return in_.ok();
}

bool HistogramChunkReader::GetShape() {
  has_shape_ = true;
  last_.is_float = in_.Get(1) == 1;
  const bool xor_coded = in_.Get(1) == 1;
  if (!GetSigned(&in_, &last_.schema)) return false;
  XorWindow window;
  last_.zero_threshold = std::bit_cast<double>(kUsualThreshold ^ in_.GetXor(&window));
  if (!GetSpans(&last_.positive_spans, &last_.positive_buckets) ||
      !GetSpans(&last_.negative_spans, &last_.negative_buckets) || !GetCustomValues() ||
      !ValidateShape(last_).ok())
    return false;
  row_.Resize(NumCounts(last_), xor_coded);
  return true;
}

void HistogramChunkReader::GetCounts() {
  EachCount(last_, [this](size_t i, double& count) {
    if (row_.xor_coded) {
      row_.words[i] ^= in_.GetXor(&row_.windows[i]);
      count = std::bit_cast<double>(row_.words[i]);
    } else {
      row_.deltas[i] += UnZigZag(in_.GetNumber());
      row_.words[i] += row_.deltas[i];
      count = static_cast<double>(row_.words[i]);
    }
    return in_.ok();
  });
}

void HistogramChunkReader::GetValues() {
  const bool first = !has_shape_;
  if (first && !GetShape()) return in_.Fail();
  if (in_.Get(1) == 1) last_.reset_hint = static_cast<ResetHint>(in_.Get(2));
  const bool same = !first && in_.Get(1) == 1;
  if (!same) {
    GetCounts();
    row_.sum ^= in_.GetXor(&row_.sum_window);
    last_.sum = std::bit_cast<double>(row_.sum);
  }
  if (same || first) std::fill(row_.deltas.begin(), row_.deltas.end(), 0);
}

bool HistogramChunkReader::Next(HistogramSample* sample) {
  if (left_ == 0 || !ok()) return false;
  GetTime();
  const bool stale = in_.Get(1) == 1;
  if (ok() && !stale) GetValues();
  if (!ok()) return false;
  --left_;
  sample->time = static_cast<Timestamp>(time_);
  if (stale) {
    sample->histogram = StaleHistogram();
  } else {
    sample->histogram = last_;
  }
  return true;
}

}  // namespace outrider
