// SPDX-License-Identifier: Apache-2.0
// Following series sample by sample: what analytics need of the windows. Each sample of a followed
// series is handed over once, in order of time, without decoding what was handed over before. Who
// follows keeps a cursor a series; series nobody follows cost nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/labels.h"
#include "storage/model/matcher.h"
#include "storage/model/sample.h"

namespace outrider {

// Where a follower of one series stands. Made by SampleFeed::Find().
struct SeriesCursor {
  uint64_t birth = 0;         // of the series, in this process: an id alone may be used again
  Timestamp after = kNoTime;  // floats up to here are not handed over (any more)
  uint32_t id = 0;
  // The feed's own: how many samples of the open chunk it had read, if it had read all, and how
  // many late samples there were, or kMostLate.
  static constexpr uint16_t kMostLate = UINT16_MAX;
  uint16_t chunk_read = 0;
  uint16_t late = 0;
};
static_assert(sizeof(SeriesCursor) <= 24, "whoever follows many series has one of each");

// What one series has had since.
struct FollowedSamples {
  size_t cursor = 0;  // place in the list
  // Sorted, stale markers included. Samples that come behind a newer one of their series are not
  // among them.
  std::span<const Timestamp> times;
  std::span<const double> values;
  uint32_t late = 0;  // so many of those came, about
  bool gone = false;  // there is no such series any more
};

// Thread-safe.
class SampleFeed {
 public:
  virtual ~SampleFeed() = default;
  // Another number whenever a series was made since: what Find() gave may be incomplete.
  virtual uint64_t SeriesMade() const = 0;
  // The series that match all of them, with cursors that stand before everything.
  virtual std::vector<SeriesCursor> Find(std::span<const Matcher> matchers) const = 0;
  // Of those the ones whose birth numbers are not below `birth`; `all` receives how many match.
  // Costs little when few were made since.
  virtual std::vector<SeriesCursor> FindMadeSince(std::span<const Matcher> matchers, uint64_t birth,
                                                  size_t* all) const {
    std::vector<SeriesCursor> found = Find(matchers);
    *all = found.size();
    std::erase_if(found, [&](const SeriesCursor& cursor) { return cursor.birth < birth; });
    return found;
  }
  // Empty when the series is gone.
  virtual Labels LabelsOf(const SeriesCursor& cursor) const = 0;
  // Hands over each series with samples in (after, to], with late ones, or that is gone, once, some
  // at a time, in no order and without locks; the cursors move on. Returns how many chunks could
  // not be decoded.
  using UseFollowed = std::function<void(std::span<const FollowedSamples>)>;
  enum class Want : uint8_t {
    kAll,
    kNewest  // of a series at least the newest; without those before it, where they would have to
             // be decoded
  };
  uint64_t Follow(std::span<SeriesCursor> cursors, Timestamp to, const UseFollowed& use) const {
    return FollowAs(Want::kAll, cursors, to, use);
  }
  virtual uint64_t FollowAs(Want want, std::span<SeriesCursor> cursors, Timestamp to,
                            const UseFollowed& use) const = 0;
};

}  // namespace outrider
