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
#include "exporter/ingest/symbol_pairs.h"
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
    return decoder_.Read(decoder_.messages()[row], out);
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
  // Where metric, help and unit stand in the body, and the type.
  using Note = std::tuple<const char*, const char*, const char*, MetricType>;

  // v2_plain.cc
  bool ReadPlain(std::string_view message, uint64_t seed);
  bool ReadPlainFields(std::string_view message, IdentityBuilder* identity);
  bool ReadPlainLabels(std::string_view refs, IdentityBuilder* identity, uint32_t* metric);
  bool ReadPlainSample(std::string_view message);

  Status ReadAny(std::string_view message, uint64_t seed);
  void NoteMetadata(std::string_view metric, const IncomingMetadata& metadata);
  Hash128 IdentityOfRefs(uint64_t seed);
  void AddRow(const Hash128& key, size_t begin, bool special) {
    rows_.push_back({.key = key,
                     .begin = static_cast<uint32_t>(begin),
                     .end = static_cast<uint32_t>(samples_.size())});
    special_.push_back(special ? 1 : 0);
  }

  mutable V2Decoder decoder_;  // reading a series again changes only its scratch
  SymbolPairs pairs_;
  IncomingSeries series_;
  std::vector<Described> described_;
  absl::flat_hash_set<Note> noted_;  // described_
  Note last_note_;
};

}  // namespace outrider
