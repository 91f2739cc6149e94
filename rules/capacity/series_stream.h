// SPDX-License-Identifier: Apache-2.0
// The series of one metric, followed through the windows: each is looked at once when it is made
// (its labels give it a slot of its owner); from then on a sample costs no look-up and no string.
// Beside the cursor a series has one number of its owner's, e.g. a counter's last value.
//
// rules/analytics' SeriesFollower is the same for detectors; here no series is ever refused, those
// that change rarely are read in turn, and looking for new ones is rationed: it costs as much as
// there are old ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/model/labels.h"
#include "storage/model/matcher.h"
#include "storage/window/sample_feed.h"

namespace outrider {

// Not thread-safe.
class SeriesStream {
 public:
  // Up to so many series all are read, and new ones looked for, every time.
  static constexpr size_t kFew = 500;

  class Owner {
   public:
    virtual ~Owner() = default;
    struct Admission {
      uint32_t slot = kIgnored;
      Timestamp after = kNoTime;  // samples up to here are not wanted
    };
    // A series that is new; kIgnored: never asked again.
    virtual Admission Admit(const Labels& labels) = 0;
    // Its samples, in order of time, stale markers included. `memo` is NaN at first.
    virtual void Take(uint32_t slot, double* memo, std::span<const Timestamp> times,
                      std::span<const double> values) = 0;
    // With Read::kAsNeeded: whether the newest value tells all that is of interest, so that those
    // before it need not be decoded. Comparisons with NaN are
    // false: then all are read.
    virtual bool WillDo(double /*memo*/, double /*newest*/) const { return false; }
    // Take() comes soon for this slot: four times, each nearer than the one before, so that each
    // may follow what the one before has fetched.
    enum class Near : uint8_t { kFar, kNearer, kNear, kNext };
    virtual void Prefetch(uint32_t /*slot*/, Near /*near*/) const {}
    // The windows have the series no more.
    virtual void Gone(uint32_t slot, double memo) = 0;
  };
  static constexpr uint32_t kIgnored = UINT32_MAX;

  // kNewest: as SampleFeed::Want has it. kAsNeeded: all, unless the owner says the newest will do.
  enum class Read : uint8_t { kAll, kNewest, kAsNeeded };
  // Beyond kFew series new ones are looked for once in `find_every`. `feed` outlives the stream.
  SeriesStream(std::vector<Matcher> matchers, const SampleFeed& feed, DurationMs find_every,
               Read read = Read::kAll)
      : matchers_(std::move(matchers)), feed_(feed), find_every_(find_every), read_(read) {}

  void Find(Timestamp now, Owner& owner);
  // Find(), then the samples of the new ones, which are forgotten once they had one: for what never
  // changes. Owners are not told of those that went.
  void ReadNew(Timestamp now, Owner& owner);
  // The samples of all series up to `to`.
  void Follow(Timestamp to, Owner& owner);
  // The same for some of them, so that all have their turn within `period`; the new ones at once.
  void FollowSome(Timestamp to, DurationMs period, Owner& owner);

  // When the oldest sample up to `to` is of that was not handed over yet; INT64_MAX: there is none.
  // Of many series some are asked, others each time: who catches up does so with most.
  Timestamp OldestUnread(Timestamp to);

  const std::vector<Matcher>& matchers() const { return matchers_; }
  size_t size() const { return cursors_.size(); }
  size_t HeapBytes() const;

 private:
  void FollowRange(size_t first, size_t count, Timestamp to, Owner& owner);
  void Take(size_t first, std::span<const FollowedSamples> batch, Owner& owner,
            std::vector<size_t>* gone);
  void FollowAsNeeded(size_t first, size_t count, Timestamp to, Owner& owner,
                      std::vector<size_t>* gone);
  void Remove(size_t at, Owner& owner);

  std::vector<Matcher> matchers_;
  const SampleFeed& feed_;
  DurationMs find_every_;
  Read read_;
  size_t there_ = 0;   // series that Find() saw last
  uint64_t made_ = 0;  // series made before this number are known
  Timestamp found_ = kNoTime;
  Timestamp followed_ = kNoTime;
  size_t next_ = 0;   // of FollowSome()
  size_t fresh_ = 0;  // series from here on were never followed
  size_t turn_ = 0;   // of OldestUnread()
  std::vector<SeriesCursor> cursors_;
  std::vector<uint32_t> slots_;  // of each cursor
  std::vector<double> memos_;    // of each cursor
};

}  // namespace outrider
