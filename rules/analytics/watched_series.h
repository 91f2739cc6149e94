// SPDX-License-Identifier: Apache-2.0
// The series a source knows, by slot: little per series, in arrays, because there may be a hundred
// thousand of them. A slot keeps its detectors and the handles of its derived series; its labels
// are kept elsewhere, it is found by their hash.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rules/analytics/derived_table.h"
#include "rules/analytics/detector.h"
#include "storage/base/hash.h"
#include "storage/model/sample.h"

namespace outrider {

// Of the whole label set; the same in every process, so that it names a series in saved rows.
inline Hash128 SeriesIdentity(const Labels& labels) { return HashBytes128(labels.packed()); }

// Not thread-safe.
class WatchedSeries {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Slot {
    Hash128 identity;
    Timestamp last_time = kNoTime;   // newest sample that was used, stale markers included
    Timestamp saved_time = kNoTime;  // the same, in what was saved last
    uint32_t feed = kNone;           // of a followed series: its place with the follower
    bool used = false;
    bool told = false;     // an output that is told now and then had a value
    bool refused = false;  // has samples again, for which there was no room
    bool live = false;     // has a sample that counts as current: derived series are made of it
  };

  WatchedSeries(size_t detectors, size_t outputs)
      : per_detectors_(detectors), per_outputs_(outputs) {}

  // kNone when there is none.
  uint32_t Find(const Hash128& identity) const;
  // A new slot, without detectors. Slots of others stay where they are.
  uint32_t Make(const Hash128& identity);
  void Free(uint32_t slot);
  void Clear();

  // Slots ever made, free ones among them.
  uint32_t size() const { return static_cast<uint32_t>(slots_.size()); }
  Slot& operator[](uint32_t slot) { return slots_[slot]; }
  const Slot& operator[](uint32_t slot) const { return slots_[slot]; }
  std::span<std::unique_ptr<Detector>> Detectors(uint32_t slot) {
    return std::span(detectors_).subspan(slot * per_detectors_, per_detectors_);
  }
  std::span<const std::unique_ptr<Detector>> Detectors(uint32_t slot) const {
    return std::span(detectors_).subspan(slot * per_detectors_, per_detectors_);
  }
  std::span<DerivedTable::Handle> Handles(uint32_t slot) {
    return std::span(handles_).subspan(slot * per_outputs_, per_outputs_);
  }

 private:
  struct IdentityHash {
    size_t operator()(const Hash128& identity) const { return static_cast<size_t>(identity.low); }
  };

  size_t per_detectors_;
  size_t per_outputs_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<Detector>> detectors_;  // of slot 0, of slot 1, …
  std::vector<DerivedTable::Handle> handles_;         // the same
  std::vector<uint32_t> free_;
  absl::flat_hash_map<Hash128, uint32_t, IdentityHash> by_identity_;
};

}  // namespace outrider
