// SPDX-License-Identifier: Apache-2.0
// The rows of a remote write 2.0 body. A row's key is the identity of its label set, combined from
// the hashes of the symbols: labels are neither sorted nor compared.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "exporter/ingest/decode_histogram.h"
#include "exporter/ingest/decode_v2.h"
#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"

namespace outrider {

// Not thread-safe.
class V2Rows final : public WriteRows {
 public:
  // `body` is decompressed and must outlive the rows. InvalidArgument when it is no such message.
  Status Parse(std::string_view body, uint64_t seed);

  KeyKind kind() const override { return KeyKind::kIdentity; }
  bool wants_data() const override { return true; }
  Status Decode(uint32_t row, IncomingSeries* out) const override {
    return decoder_.Read(messages_[row], out);
  }
  Status DecodeHistograms(uint32_t /*row*/, const IncomingSeries& series,
                          std::vector<IncomingHistogram>* out) const override {
    return outrider::DecodeHistograms(series.histograms, /*v2=*/true, out);
  }
  // What the request says of its metrics, each once.
  struct Described {
    std::string_view metric;
    IncomingMetadata metadata;
  };
  const std::vector<Described>& described() const { return described_; }

 private:
  void NoteMetadata();
  Hash128 IdentityOfRefs(const std::vector<uint64_t>& hashes, uint64_t seed) const;

  mutable V2Decoder decoder_;  // reading a series again changes only its scratch
  IncomingSeries series_;
  std::vector<Described> described_;
  // Where metric, help and unit stand in the body, and the type: of described_.
  absl::flat_hash_set<std::tuple<const char*, const char*, const char*, MetricType>> noted_;
  std::vector<std::string_view> messages_;  // by row
};

}  // namespace outrider
