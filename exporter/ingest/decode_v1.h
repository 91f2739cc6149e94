// SPDX-License-Identifier: Apache-2.0
// Remote write 1.0 on the wire: prometheus.WriteRequest. Source: specs/prometheus.md §1.1.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "exporter/ingest/decode_histogram.h"
#include "exporter/ingest/wire_reader.h"
#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"

namespace outrider {

// The rows of a 1.0 body. A row's key is the seeded hash of its label fields as they were sent; a
// series whose labels do not stand in one piece has none. Not thread-safe.
class V1Rows final : public WriteRows {
 public:
  // `body` is decompressed and must outlive the rows. InvalidArgument when it is no such message,
  // as far as it is looked at: labels are read by Decode() only.
  Status Parse(std::string_view body, uint64_t seed);
  // MetricMetadata messages, still encoded.
  const std::vector<std::string_view>& metadata() const { return metadata_; }

  KeyKind kind() const override { return KeyKind::kSender; }
  Status Decode(uint32_t row, IncomingSeries* out) const override;
  Status DecodeHistograms(uint32_t /*row*/, const IncomingSeries& series,
                          std::vector<IncomingHistogram>* out) const override {
    return outrider::DecodeHistograms(series.histograms, /*v2=*/false, out);
  }

 private:
  bool ParsePlain(std::string_view message, const Hasher128& hasher);
  void ParseSeries(std::string_view message, const Hasher128& hasher, WireError* error);

  std::vector<std::string_view> messages_;  // by row
  std::vector<std::string_view> metadata_;
};

}  // namespace outrider
