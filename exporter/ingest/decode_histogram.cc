// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_histogram.h"

#include <vector>

#include "exporter/ingest/wire_reader.h"
#include "fmt/format.h"

namespace outrider {
namespace {

constexpr const char* kMessage = "Histogram";
constexpr uint32_t kCountInt = 1;
constexpr uint32_t kCountFloat = 2;

// Whether count_float is set (the last one given of the two counts holds). Known before the rest is
// read, so that only one kind of counts has to be kept.
bool IsFloat(std::string_view message, WireError* error) {
  bool is_float = false;
  WireReader reader(message, error);
  while (reader.Next()) {
    if (reader.field() == kCountInt) is_float = false;
    if (reader.field() == kCountFloat) is_float = true;
    reader.Skip();
  }
  return is_float;
}

// Reads fields one by one. What goes over a limit is left out and noted.
class HistogramReader {
 public:
  HistogramReader(NativeHistogram* histogram, WireError* error)
      : histogram_(*histogram), error_(*error) {}

  void ReadField(WireReader& reader, HistogramSample* out, Timestamp* start_time);
  Status Judge() const;

 private:
  struct Side {
    std::vector<BucketSpan>& spans;
    std::vector<double>& buckets;
    uint64_t last = 0;  // the running sum of the deltas, wrapping
  };

  bool HasRoom(size_t size) {
    if (size < kMaxHistogramBuckets) return true;
    over_limit_ = true;
    return false;
  }
  void ReadSpan(WireReader reader, Side* side);
  void ReadDeltas(WireReader& reader, Side* side);
  // Doubles, packed or not, into `to` (nullptr: read over).
  void ReadDoubles(WireReader& reader, std::vector<double>* to);
  bool ReadSideField(WireReader& reader, uint32_t first_field, Side* side);

  NativeHistogram& histogram_;
  WireError& error_;
  Side positive_{histogram_.positive_spans, histogram_.positive_buckets};
  Side negative_{histogram_.negative_spans, histogram_.negative_buckets};
  bool over_limit_ = false;
};

void HistogramReader::ReadSpan(WireReader reader, Side* side) {
  BucketSpan span;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireVarint):
        span.offset = reader.Sint32();
        break;
      case WireTag(2, kWireVarint):
        span.length = reader.Uint32();
        break;
      default:
        reader.SkipUnknown("BucketSpan", 2);
    }
  }
  if (HasRoom(side->spans.size())) side->spans.push_back(span);
}

void HistogramReader::ReadDeltas(WireReader& reader, Side* side) {
  const auto add = [&](int64_t delta) {
    side->last += static_cast<uint64_t>(delta);
    if (!histogram_.is_float && HasRoom(side->buckets.size())) {
      side->buckets.push_back(static_cast<double>(static_cast<int64_t>(side->last)));
    }
  };
  if ((reader.tag() & 7U) == kWireVarint) {
    add(reader.Sint64());
    return;
  }
  WireReader packed = reader.Message();
  while (!packed.AtEnd()) add(packed.Sint64());
}

void HistogramReader::ReadDoubles(WireReader& reader, std::vector<double>* to) {
  const auto add = [&](double value) {
    if (to != nullptr && HasRoom(to->size())) to->push_back(value);
  };
  if ((reader.tag() & 7U) == kWireDouble) {
    add(reader.Double());
    return;
  }
  WireReader packed = reader.Message();
  while (!packed.AtEnd()) add(packed.Double());
}

// Spans, deltas and counts of one sign stand side by side: fields 8 to 10 and 11 to 13.
bool HistogramReader::ReadSideField(WireReader& reader, uint32_t first_field, Side* side) {
  const uint32_t tag = reader.tag() - (first_field << 3U);
  switch (tag) {
    case WireTag(0, kWireBytes):
      ReadSpan(reader.Message(), side);
      return true;
    case WireTag(1, kWireBytes):
    case WireTag(1, kWireVarint):
      ReadDeltas(reader, side);
      return true;
    case WireTag(2, kWireBytes):
    case WireTag(2, kWireDouble):
      ReadDoubles(reader, histogram_.is_float ? &side->buckets : nullptr);
      return true;
    default:
      return false;
  }
}

void HistogramReader::ReadField(WireReader& reader, HistogramSample* out, Timestamp* start_time) {
  switch (reader.tag()) {
    case WireTag(kCountInt, kWireVarint):
      histogram_.count = static_cast<double>(reader.Varint());
      return;
    case WireTag(kCountFloat, kWireDouble):
      histogram_.count = reader.Double();
      return;
    case WireTag(3, kWireDouble):
      histogram_.sum = reader.Double();
      return;
    case WireTag(4, kWireVarint):
      histogram_.schema = reader.Sint32();
      return;
    case WireTag(5, kWireDouble):
      histogram_.zero_threshold = reader.Double();
      return;
    case WireTag(6, kWireVarint):
      histogram_.zero_count = static_cast<double>(reader.Varint());
      return;
    case WireTag(7, kWireDouble):
      histogram_.zero_count = reader.Double();
      return;
    case WireTag(14, kWireVarint): {
      const uint64_t hint = reader.Varint();
      histogram_.reset_hint = hint <= 3 ? static_cast<ResetHint>(hint) : ResetHint::kUnknown;
      return;
    }
    case WireTag(15, kWireVarint):
      out->time = reader.Int64();
      return;
    case WireTag(16, kWireBytes):
    case WireTag(16, kWireDouble):
      ReadDoubles(reader, &histogram_.custom_values);
      return;
    case WireTag(17, kWireVarint):
      *start_time = reader.Int64();
      return;
    default:
      break;
  }
  if (ReadSideField(reader, 8, &negative_) || ReadSideField(reader, 11, &positive_)) return;
  reader.SkipUnknown(kMessage, 17);
}

Status HistogramReader::Judge() const {
  if (error_.what != nullptr) return error_.ToStatus();
  if (over_limit_) {
    return absl::OutOfRangeError(
        fmt::format("histogram with more than {} buckets, spans or bounds", kMaxHistogramBuckets));
  }
  for (const Side* side : {&positive_, &negative_}) {
    uint64_t wanted = 0;  // 2^16 spans of 2^32 fit
    for (const BucketSpan& span : side->spans) wanted += span.length;
    if (wanted > side->buckets.size()) {
      return absl::OutOfRangeError(fmt::format("{} side: spans need {} buckets, have {} buckets",
                                               side == &positive_ ? "positive" : "negative", wanted,
                                               side->buckets.size()));
    }
  }
  return absl::OkStatus();
}

void Clear(HistogramSample* out) {
  NativeHistogram& histogram = out->histogram;
  out->time = 0;
  histogram.schema = 0;
  histogram.is_float = false;
  histogram.reset_hint = ResetHint::kUnknown;
  histogram.zero_threshold = histogram.zero_count = histogram.count = histogram.sum = 0;
  histogram.positive_spans.clear();
  histogram.negative_spans.clear();
  histogram.positive_buckets.clear();
  histogram.negative_buckets.clear();
  histogram.custom_values.clear();
}

}  // namespace

Status DecodeHistogram(std::string_view message, bool v2, HistogramSample* out,
                       Timestamp* start_time) {
  Clear(out);
  *start_time = 0;
  WireError error;
  out->histogram.is_float = IsFloat(message, &error);
  HistogramReader histogram(&out->histogram, &error);
  WireReader reader(message, &error);
  while (reader.Next()) {
    if (reader.field() == 17 && !v2) {
      reader.Skip();
    } else {
      histogram.ReadField(reader, out, start_time);
    }
  }
  return histogram.Judge();
}

Status DecodeHistograms(std::span<const std::string_view> messages, bool v2,
                        std::vector<IncomingHistogram>* out) {
  out->resize(messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    IncomingHistogram& one = (*out)[i];
    one.refusal = DecodeHistogram(messages[i], v2, &one.sample, &one.start_time);
    if (absl::IsInvalidArgument(one.refusal)) return one.refusal;
    if (one.refusal.ok()) AdmitHistogram(&one);
  }
  return absl::OkStatus();
}

void AdmitHistogram(IncomingHistogram* histogram) {
  NativeHistogram& value = histogram->sample.histogram;
  histogram->refusal = ValidateHistogram(value);
  if (!histogram->refusal.ok()) return;
  if (IsStale(value)) value = StaleHistogram();
  ReduceResolution(kMaxSchema, &value);
}

}  // namespace outrider
