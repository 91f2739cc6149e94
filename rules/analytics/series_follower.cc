// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/series_follower.h"

#include <algorithm>

namespace outrider {

// Birth numbers ascend and SeriesMade() is one above the last: what was born at or behind the
// number asked for before is new, what is born meanwhile is left to the next time.
void SeriesFollower::FindNew(Timestamp after) {
  const uint64_t made = feed_.SeriesMade();
  if (made == made_) return;
  for (SeriesCursor& found : feed_.Find(matchers_)) {
    if (found.birth < made_ || found.birth >= made) continue;
    found.after = after;
    cursors_.push_back(found);
    slots_.push_back(kNoSlot);
    refused_.push_back(false);
  }
  made_ = made;
}

// Cursors that would give nothing until the clock is where it was before.
void SeriesFollower::TurnBack(Timestamp now, DurationMs current) {
  for (SeriesCursor& cursor : cursors_) {
    if (cursor.after <= now + kMostAhead) continue;
    cursor.after = now - current - 1;
    cursor.chunk_read = 0;
  }
}

SeriesFollower::Counts SeriesFollower::Follow(Timestamp now, DurationMs current, Owner& owner) {
  TurnBack(now, current);
  FindNew(now - current - 1);
  Counts counts;
  std::vector<uint32_t> waiting;
  std::vector<uint32_t> gone;
  const auto take = [&](const FollowedSamples& some) {
    const auto feed = static_cast<uint32_t>(some.cursor);
    counts.late += slots_[feed] == kNoSlot ? 0 : some.late;
    if (some.gone) {
      gone.push_back(feed);
    } else if (slots_[feed] != kNoSlot) {
      if (!some.times.empty()) owner.Take(slots_[feed], some.times, some.values);
    } else if (!some.times.empty() && some.times.back() >= now - current) {
      waiting.push_back(feed);
    }
  };
  counts.damaged = feed_.Follow(cursors_, now, [&](std::span<const FollowedSamples> batch) {
    for (const FollowedSamples& some : batch) take(some);
  });
  Admit(waiting, now, owner, &counts);
  std::ranges::sort(gone, std::greater<>());
  for (const uint32_t feed : gone) Remove(feed, owner);
  for (size_t feed = 0; feed < cursors_.size(); ++feed) {
    if (refused_[feed] && cursors_[feed].after >= now - current) ++counts.refused;
  }
  return counts;
}

// Their samples are read again, from where their owner wants them.
void SeriesFollower::Admit(std::span<const uint32_t> waiting, Timestamp now, Owner& owner,
                           Counts* counts) {
  std::vector<uint32_t> feeds;
  std::vector<SeriesCursor> cursors;
  for (const uint32_t feed : waiting) {
    const Labels labels = feed_.LabelsOf(cursors_[feed]);
    if (labels.empty()) continue;  // it went this very moment
    const Owner::Admission admission = owner.Admit(labels, feed);
    refused_[feed] = admission.slot == kNoSlot;
    if (admission.slot == kNoSlot) continue;
    slots_[feed] = admission.slot;
    SeriesCursor cursor = cursors_[feed];
    cursor.after = admission.after;
    cursor.chunk_read = 0;
    feeds.push_back(feed);
    cursors.push_back(cursor);
  }
  if (feeds.empty()) return;
  counts->damaged += feed_.Follow(cursors, now, [&](std::span<const FollowedSamples> batch) {
    for (const FollowedSamples& some : batch) {
      if (some.times.empty()) continue;
      owner.Take(slots_[feeds[some.cursor]], some.times, some.values);
    }
  });
  for (size_t i = 0; i < feeds.size(); ++i) cursors_[feeds[i]] = cursors[i];
}

void SeriesFollower::Remove(uint32_t feed, Owner& owner) {
  if (slots_[feed] != kNoSlot) owner.Moved(slots_[feed], kNoSlot);
  const auto last = static_cast<uint32_t>(cursors_.size() - 1);
  if (feed != last) {
    cursors_[feed] = cursors_[last];
    slots_[feed] = slots_[last];
    refused_[feed] = refused_[last];
    if (slots_[feed] != kNoSlot) owner.Moved(slots_[feed], feed);
  }
  cursors_.pop_back();
  slots_.pop_back();
  refused_.pop_back();
}

}  // namespace outrider
