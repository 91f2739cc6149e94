// SPDX-License-Identifier: Apache-2.0
// Detectors over a restart: one row for each entry and series in the family kAnalytics
// (docs/formats.md). Rows are written a part at a time, buffered; what came since is read from the
// windows again.
//
//   key    entry (16 bytes, EntryIdentity) series (16, SeriesIdentity)
//   value  time (8): the newest sample that is in the state | row_codec: format, Detector::Save
//   key "run": when the entries ran last (8 bytes): what was reported before the restart
//   key "warm" entry (16): time (8), 1 byte: whether the entry was warmed up (WarmUpMark)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/analytics/detector.h"
#include "rules/analytics/entry.h"
#include "rules/detect/saved_fields.h"
#include "storage/base/hash.h"
#include "storage/state/state_store.h"

namespace outrider {

// Newest format of rows; older ones, from 1 on, are readable.
inline constexpr uint8_t kCheckpointFormat = kDetectorFormat;

// Of everything that shapes the state: an entry that differs in it begins anew.
Hash128 EntryIdentity(const Entry& entry);

std::string CheckpointKey(const Hash128& entry, const Hash128& series);

struct CheckpointRow {
  std::string key;
  std::string value;
};

// nullopt: the detector has no state that could be saved.
std::optional<CheckpointRow> SaveDetector(const Hash128& entry, const Hash128& series,
                                          Timestamp time, const Detector& detector);
// The newest sample in the state. DataLoss for what cannot be read: the detector is spoilt then.
StatusOr<Timestamp> LoadDetector(std::string_view value, Detector* detector);

// What is known of an entry's warm-up (docs/analytics.md "Warming up").
enum class WarmUpMark : uint8_t {
  kWanted = 1,  // it was new and is to be warmed up
  kDone = 2,
};

// What to do with states that hold newer samples than those that come.
enum class NewerStates : uint8_t { kKeep, kReplace };

// The rows in a store. Not thread-safe.
class Checkpoints {
 public:
  explicit Checkpoints(StateStore& store) : store_(store) {}

  StatusOr<std::optional<std::string>> Find(const Hash128& entry, const Hash128& series) const;
  // In batches of some hundred.
  Status Write(std::span<const CheckpointRow> rows);
  StatusOr<std::optional<Timestamp>> LastRun() const;
  Status SetLastRun(Timestamp now);
  // Rows of these entries from another store. Returns how many of them were taken, and how many
  // not, as there was a newer one.
  struct Copied {
    uint64_t taken = 0;
    uint64_t kept = 0;
  };
  StatusOr<Copied> CopyFrom(const StateStore& other, std::span<const Hash128> entries,
                            NewerStates newer);
  // Whether anything is saved of the entry.
  StatusOr<bool> Knows(const Hash128& entry) const;
  // nullopt: nobody looked yet.
  StatusOr<std::optional<WarmUpMark>> Mark(const Hash128& entry) const;
  Status SetMark(const Hash128& entry, WarmUpMark mark, Timestamp now);
  // Deletes rows whose newest sample is before `oldest`, and those that are none; marks that are as
  // old, of entries that have no rows left. Returns how many went.
  StatusOr<uint64_t> Sweep(Timestamp oldest);

 private:
  StateStore& store_;
};

}  // namespace outrider
