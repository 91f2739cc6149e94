// SPDX-License-Identifier: Apache-2.0
// Derived series in the log: thousands of them have a sample at every evaluation, so their labels
// stand in a log segment once and a number from then on. The page for readers is docs/formats.md:
//
//   body       = varint length, definitions (a snappy block, or nothing), sample*
//   definition = varint number, varint length, labels (Labels::packed)
//   sample     = varint number, value (8 bytes, IEEE 754)
//
// A number is defined in its segment before it is used there, and means one series in all segments
// of a run. Samples are of the record's time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"
#include "storage/window/appender.h"

namespace outrider {

// `samples` have numbers; those not told in `segment` yet are defined.
void EncodeNumbered(std::span<const KnownSample> samples, uint32_t segment, std::string* body);

// What the definitions of a segment say. Not thread-safe.
class NumberedSeries {
 public:
  struct Definition {
    Labels labels;
    Hash128 identity;
  };
  // Takes the definitions off the front of a body. An error when there is something else.
  Status Learn(std::string_view* body, uint32_t segment, uint64_t seed);
  // Null: not defined.
  std::shared_ptr<const Definition> Find(uint64_t number) const;

 private:
  Status LearnOne(std::string_view* definitions, uint64_t seed);

  uint32_t segment_ = 0;
  std::string decoded_;
  absl::flat_hash_map<uint64_t, std::shared_ptr<const Definition>> definitions_;
};

// A row a sample.
class NumberedRows final : public WriteRows {
 public:
  // Samples of series that a damaged place defined are left out: there is no telling whose they
  // were. DataLoss when that leaves nothing or the bytes are no such body.
  Status Parse(std::string_view body, uint32_t segment, Timestamp time, uint64_t seed,
               NumberedSeries* series);

  KeyKind kind() const override { return KeyKind::kIdentity; }
  Status Decode(uint32_t row, IncomingSeries* out) const override;
  Status DecodeHistograms(uint32_t row, const IncomingSeries& series,
                          std::vector<IncomingHistogram>* out) const override;

 private:
  std::vector<std::shared_ptr<const NumberedSeries::Definition>> definitions_;  // by row
};

}  // namespace outrider
