// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/series_stream.h"

#include <algorithm>
#include <limits>

#include "storage/base/grow.h"

namespace outrider {
namespace {

// A share of a stream is read once it is of so many series, or this part of the period has passed:
// windows are locked shard by shard, however few are read of each.
constexpr size_t kShare = 2000;
constexpr DurationMs kShares = 12;
// Series that OldestUnread() asks, of the old ones and of the new ones each, at least.
constexpr size_t kAsked = 64;

}  // namespace

// Birth numbers ascend: what was born at or behind the number asked for before is new, what is born
// meanwhile is left to the next time.
void SeriesStream::Find(Timestamp now, Owner& owner) {
  const uint64_t made = feed_.SeriesMade();
  if (made == made_) return;
  // A clock that was set back must not let new ones wait.
  if (there_ > kFew && now >= found_ && now - found_ < find_every_) return;
  found_ = now;
  std::vector<SeriesCursor> fresh = feed_.FindMadeSince(matchers_, made_, &there_);
  std::erase_if(fresh, [&](const SeriesCursor& one) { return one.birth >= made; });
  std::ranges::sort(fresh, {}, &SeriesCursor::birth);  // what came later has the last word
  for (SeriesCursor& found : fresh) {
    const Labels labels = feed_.LabelsOf(found);
    if (labels.empty()) continue;  // it went this very moment
    const Owner::Admission admission = owner.Admit(labels);
    if (admission.slot == kIgnored) continue;
    found.after = admission.after;
    ReserveMore(&cursors_, 1);
    ReserveMore(&slots_, 1);
    ReserveMore(&memos_, 1);
    cursors_.push_back(found);
    slots_.push_back(admission.slot);
    memos_.push_back(std::numeric_limits<double>::quiet_NaN());
  }
  made_ = made;
}

void SeriesStream::ReadNew(Timestamp now, Owner& owner) {
  Find(now, owner);
  std::vector<bool> done(cursors_.size());
  feed_.Follow(cursors_, now, [&](std::span<const FollowedSamples> batch) {
    for (const FollowedSamples& some : batch) {
      const size_t at = some.cursor;
      done[at] = some.gone || !some.times.empty();
      if (!some.times.empty()) owner.Take(slots_[at], &memos_[at], some.times, some.values);
    }
  });
  // A sender's clock may be ahead: its first sample is read once it is due.
  size_t kept = 0;
  for (size_t at = 0; at < cursors_.size(); ++at) {
    if (done[at]) continue;
    cursors_[kept] = cursors_[at];
    slots_[kept] = slots_[at];
    memos_[kept] = memos_[at];
    ++kept;
  }
  cursors_.resize(kept);
  slots_.resize(kept);
  memos_.resize(kept);
  GiveBackRoom(&cursors_);
  GiveBackRoom(&slots_);
  GiveBackRoom(&memos_);
}

void SeriesStream::Follow(Timestamp to, Owner& owner) {
  FollowRange(0, cursors_.size(), to, owner);
  fresh_ = cursors_.size();
}

void SeriesStream::FollowSome(Timestamp to, DurationMs period, Owner& owner) {
  const size_t fresh = std::min(fresh_, cursors_.size());
  FollowRange(fresh, cursors_.size() - fresh, to, owner);
  size_t some = fresh;
  if (fresh > kFew) {
    const DurationMs elapsed =
        followed_ == kNoTime ? 0 : std::clamp<DurationMs>(to - followed_, 0, period);
    some = fresh * static_cast<size_t>(elapsed) / static_cast<size_t>(period) + 1;
    if (some < kShare && followed_ != kNoTime && elapsed < period / kShares) some = 0;
  }
  if (some > 0 || followed_ == kNoTime || to < followed_) followed_ = to;
  // From where the last share ended, and on from the beginning: what is new comes at the end, and
  // must not keep those at the beginning waiting.
  const size_t first = next_ < fresh ? next_ : 0;
  const size_t part = std::min(some, fresh - first);
  next_ = first + part;
  FollowRange(first, part, to, owner);
  if (part < some) {
    next_ = std::min(some - part, first);
    FollowRange(0, next_, to, owner);
  }
  fresh_ = cursors_.size();
}

Timestamp SeriesStream::OldestUnread(Timestamp to) {
  std::vector<SeriesCursor> asked;  // copies: the series' own do not move
  const auto ask = [&](size_t first, size_t end) {
    const size_t step = std::max<size_t>(1, (end - first) / kAsked);
    for (size_t at = first + turn_ % step; at < end; at += step) asked.push_back(cursors_[at]);
  };
  const size_t fresh = std::min(fresh_, cursors_.size());
  ask(0, fresh);
  ask(fresh, cursors_.size());
  ++turn_;
  Timestamp oldest = INT64_MAX;
  feed_.Follow(asked, to, [&](std::span<const FollowedSamples> batch) {
    for (const FollowedSamples& some : batch) {
      if (!some.times.empty()) oldest = std::min(oldest, some.times.front());
    }
  });
  return oldest;
}

void SeriesStream::FollowRange(size_t first, size_t count, Timestamp to, Owner& owner) {
  if (count == 0) return;
  std::vector<size_t> gone;
  if (read_ == Read::kAsNeeded) {
    FollowAsNeeded(first, count, to, owner, &gone);
  } else {
    const auto want = read_ == Read::kNewest ? SampleFeed::Want::kNewest : SampleFeed::Want::kAll;
    feed_.FollowAs(
        want, std::span(cursors_).subspan(first, count), to,
        [&](std::span<const FollowedSamples> batch) { Take(first, batch, owner, &gone); });
  }
  std::ranges::sort(gone, std::greater<>());
  for (const size_t at : gone) Remove(at, owner);
}

// Looks at the newest of each; where that does not do, steps back and reads all.
void SeriesStream::FollowAsNeeded(size_t first, size_t count, Timestamp to, Owner& owner,
                                  std::vector<size_t>* gone) {
  const std::span<SeriesCursor> cursors = std::span(cursors_).subspan(first, count);
  const std::vector<SeriesCursor> before(cursors.begin(), cursors.end());
  std::vector<size_t> again;
  feed_.FollowAs(SampleFeed::Want::kNewest, cursors, to,
                 [&](std::span<const FollowedSamples> batch) {
                   for (const FollowedSamples& some : batch) {
                     const size_t at = first + some.cursor;
                     if (some.gone) {
                       gone->push_back(at);
                     } else if (some.times.empty()) {
                       continue;
                     } else if (owner.WillDo(memos_[at], some.values.back())) {
                       owner.Take(slots_[at], &memos_[at], some.times.last(1), some.values.last(1));
                     } else {
                       again.push_back(some.cursor);
                     }
                   }
                 });
  if (again.empty()) return;
  std::vector<SeriesCursor> stepped_back;
  for (const size_t number : again) stepped_back.push_back(before[number]);
  feed_.Follow(stepped_back, to, [&](std::span<const FollowedSamples> batch) {
    for (const FollowedSamples& some : batch) {
      const size_t at = first + again[some.cursor];
      if (some.gone || some.times.empty()) continue;
      owner.Take(slots_[at], &memos_[at], some.times, some.values);
    }
  });
  for (size_t i = 0; i < again.size(); ++i) cursors[again[i]] = stepped_back[i];
}

void SeriesStream::Take(size_t first, std::span<const FollowedSamples> batch, Owner& owner,
                        std::vector<size_t>* gone) {
  using Near = Owner::Near;
  constexpr size_t kStep = 6;  // between two calls of Prefetch() for one series
  const auto prefetch = [&](size_t i, Near near) {
    if (i < batch.size()) owner.Prefetch(slots_[first + batch[i].cursor], near);
  };
  for (size_t i = 0; i < 4 * kStep; ++i) prefetch(i, Near::kFar);
  for (size_t i = 0; i < 3 * kStep; ++i) prefetch(i, Near::kNearer);
  for (size_t i = 0; i < 2 * kStep; ++i) prefetch(i, Near::kNear);
  for (size_t i = 0; i < kStep; ++i) prefetch(i, Near::kNext);
  for (size_t i = 0; i < batch.size(); ++i) {
    prefetch(i + 4 * kStep, Near::kFar);
    prefetch(i + 3 * kStep, Near::kNearer);
    prefetch(i + 2 * kStep, Near::kNear);
    prefetch(i + kStep, Near::kNext);
    const FollowedSamples& some = batch[i];
    const size_t at = first + some.cursor;
    if (some.gone) {
      gone->push_back(at);
    } else if (!some.times.empty()) {
      owner.Take(slots_[at], &memos_[at], some.times, some.values);
    }
  }
}

// The last one takes its place. One that was never followed must not come to stand before those
// that were: FollowSome() would leave it for later, which only delays it.
void SeriesStream::Remove(size_t at, Owner& owner) {
  owner.Gone(slots_[at], memos_[at]);
  cursors_[at] = cursors_.back();
  slots_[at] = slots_.back();
  memos_[at] = memos_.back();
  cursors_.pop_back();
  slots_.pop_back();
  memos_.pop_back();
}

size_t SeriesStream::HeapBytes() const {
  return cursors_.capacity() * sizeof(SeriesCursor) + slots_.capacity() * sizeof(uint32_t) +
         memos_.capacity() * sizeof(double);
}

}  // namespace outrider
