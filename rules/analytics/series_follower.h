// SPDX-License-Identifier: Apache-2.0
// The series a plain selector matches, followed through the windows: finds those that are new, and
// hands over what each has had since the last time. Series without current samples are known, but
// nothing is kept for them beyond their cursor.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "storage/model/matcher.h"
#include "storage/window/sample_feed.h"

namespace outrider {

// Not thread-safe.
class SeriesFollower {
 public:
  static constexpr uint32_t kNoSlot = UINT32_MAX;
  // What is farther ahead of the clock was read while the clock was wrong.
  static constexpr DurationMs kMostAhead = 10 * kMinute;

  SeriesFollower(std::vector<Matcher> matchers, const SampleFeed& feed)
      : matchers_(std::move(matchers)), feed_(feed) {}

  // What the follower asks of whoever keeps the series.
  class Owner {
   public:
    virtual ~Owner() = default;
    // A series without a slot has samples behind `now - current`. Gives it a slot and says from
    // where on it wants samples; kNoSlot: there is no room for it.
    struct Admission {
      uint32_t slot = kNoSlot;
      Timestamp after = kNoTime;
    };
    virtual Admission Admit(const Labels& labels, uint32_t feed) = 0;
    virtual void Take(uint32_t slot, std::span<const Timestamp> times,
                      std::span<const double> values) = 0;
    // The place of a slot's series changed; kNoSlot: the windows have it no more.
    virtual void Moved(uint32_t slot, uint32_t feed) = 0;
  };
  struct Counts {
    uint64_t refused = 0;  // series with current samples, without a slot for want of room
    uint64_t late = 0;     // samples that came behind a newer one, this time
    uint64_t damaged = 0;  // chunks that could not be read, this time
  };
  // Samples up to `now`. Series whose newest is older than `current` are left alone.
  Counts Follow(Timestamp now, DurationMs current, Owner& owner);

  // The owner gave the slot of the series at this place to others.
  void Forget(uint32_t feed) { slots_[feed] = kNoSlot; }
  Labels LabelsAt(uint32_t feed) const { return feed_.LabelsOf(cursors_[feed]); }
  // No sample of the series at this place is newer.
  Timestamp NewestAt(uint32_t feed) const { return cursors_[feed].after; }
  size_t size() const { return cursors_.size(); }

 private:
  void FindNew(Timestamp after);
  void TurnBack(Timestamp now, DurationMs current);
  void Admit(std::span<const uint32_t> waiting, Timestamp now, Owner& owner, Counts* counts);
  void Remove(uint32_t feed, Owner& owner);

  std::vector<Matcher> matchers_;
  const SampleFeed& feed_;
  uint64_t made_ = 0;  // series made before this number are known
  std::vector<SeriesCursor> cursors_;
  std::vector<uint32_t> slots_;  // of each cursor
  std::vector<bool> refused_;    // of each cursor
};

}  // namespace outrider
