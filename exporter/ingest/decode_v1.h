// SPDX-License-Identifier: Apache-2.0
// Remote write 1.0 on the wire: prometheus.WriteRequest. Source: specs/prometheus.md §1.1. Series
// are read one after the other into one reused value that views into the body, so nothing is
// allocated per sample.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/sample.h"

namespace outrider {

inline constexpr size_t kMaxLabels =
    4096;  // of one series; the rest is not looked at, the series is refused

// One TimeSeries as sent: labels in the sender's order, unchecked. Views into the body.
struct V1Series {
  std::vector<LabelView> labels;
  std::vector<Sample> samples;
  uint32_t exemplars = 0;   // counted, not kept
  uint32_t histograms = 0;  // counted, not kept
  bool too_many_labels = false;
};

// Reads a decompressed body. Not thread-safe.
class V1Decoder {
 public:
  explicit V1Decoder(std::string_view body);
  ~V1Decoder();
  V1Decoder(const V1Decoder&) = delete;
  V1Decoder& operator=(const V1Decoder&) = delete;

  // The next series; false at the end. InvalidArgument when the bytes are not such a message.
  StatusOr<bool> Next(V1Series* series);
  uint64_t metadata() const { return metadata_; }  // entries met so far; counted, not kept

 private:
  struct Reader;
  std::unique_ptr<Reader> reader_;
  uint64_t metadata_ = 0;
};

// Goes through the whole body once: what is in it, or why it cannot be read.
struct V1Totals {
  uint64_t series = 0;
  uint64_t samples = 0;
};
StatusOr<V1Totals> CheckV1(std::string_view body);

}  // namespace outrider
