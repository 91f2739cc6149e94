// SPDX-License-Identifier: Apache-2.0
// Which series carry which labels: names and values interned once, a set of series ids per label
// pair, and the pairs of each series. The index knows no samples.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/hash.h"
#include "storage/model/labels.h"
#include "storage/model/matcher.h"
#include "storage/window/block_list.h"
#include "storage/window/label_pins.h"
#include "storage/window/label_table.h"
#include "storage/window/match_cache.h"
#include "storage/window/pair_list.h"
#include "storage/window/postings.h"
#include "storage/window/series_pairs.h"
#include "storage/window/tag_table.h"

namespace outrider {

struct SeriesIndexStats {
  uint64_t series = 0;
  uint64_t label_names = 0;
  uint64_t label_pairs = 0;
  uint64_t text_bytes = 0;  // of names and values
  uint64_t kept_matches_bytes = 0;
};

struct IndexedSeries {
  uint32_t id;                        // not in use
  std::span<const LabelView> labels;  // sorted, unique, no empty values, at most 65,535
};

// The series that match, and their labels by number: valid as long as the pin, whatever becomes of
// the series.
struct MatchedSeries {
  std::vector<uint32_t> ids;      // in no order
  std::vector<PairList> pairs{};  // of each
  LabelPin pin{};
};

// Thread-safe: many readers, one writer.
class SeriesIndex {
 public:
  // `seed` of the hashes of values: whoever does not know it cannot make many of them collide.
  explicit SeriesIndex(uint64_t seed = 0) : seed_(seed) {}

  // Neighbours that share labels (the series of one target) cost less.
  void Add(std::span<const IndexedSeries> series);
  void Add(uint32_t id, std::span<const LabelView> labels) {
    const IndexedSeries one{id, labels};
    Add({&one, 1});
  }
  void Remove(uint32_t id);  // no-op when absent; label values nobody uses any more go too

  // Ids of the series that match all matchers (none: every series), in no order; `labels`, if
  // given, receives their label sets.
  std::vector<uint32_t> Match(std::span<const Matcher> matchers,
                              std::vector<Labels>* labels = nullptr) const;
  MatchedSeries MatchPinned(std::span<const Matcher> matchers) const;
  // What the numbers of matched series mean.
  const LabelTable& table() const { return table_; }
  // Empty when there is no such series.
  Labels LabelsOf(uint32_t id) const;
  // Sorted, without repetition; unknown ids are passed over.
  std::vector<std::string> NamesOf(std::span<const uint32_t> ids) const;
  std::vector<std::string> ValuesOf(std::string_view name, std::span<const uint32_t> ids) const;
  SeriesIndexStats Stats() const;

 private:
  struct Name {
    std::string text;
    TagTable values;  // pairs by the value's hash
  };
  // What one matcher asks of a series' pairs: to have one of them, or to have none of them.
  struct Condition {
    bool wants = true;
    uint64_t size = 0;  // series that have one of the pairs
    std::vector<PairId> pairs;
    std::vector<bool> is_in;  // by pair id, when there are many
    bool Holds(const PairList& of_series) const;
  };

  uint32_t InternName(std::string_view text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  PairId Intern(uint32_t name, std::string_view value) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void InternAll(const IndexedSeries& one, const IndexedSeries& before)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The series has pairs_; neighbours' ids are put together until the next pair comes.
  void NotePairs(uint32_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Free(PairId id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<uint32_t> MatchLocked(std::span<const Matcher> matchers) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // The same without what is kept of earlier answers.
  std::vector<uint32_t> MatchAnew(std::span<const Matcher> matchers) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Brings what matched before up to date.
  void CatchUp(std::span<const Matcher> matchers, MatchCache::Found* found) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  const Name* FindName(std::string_view text) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  Condition ConditionOf(const Matcher& matcher) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void FindPairs(const Matcher& matcher, const Name& name, bool matching,
                 std::vector<PairId>* out) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // The pair of that name and value, or kNoPair.
  PairId FindPair(const Name& name, std::string_view value) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  std::vector<uint32_t> Candidates(std::span<const Matcher> matchers,
                                   std::vector<size_t>* rest) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Leaves the ids whose series the matcher accepts.
  void Filter(const Matcher& matcher, std::vector<uint32_t>* ids) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool ValueMatches(const Matcher& matcher, uint32_t id) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const uint64_t seed_;
  mutable absl::Mutex mutex_;
  std::deque<Name> names_ ABSL_GUARDED_BY(mutex_);  // by number
  std::vector<uint32_t> free_names_ ABSL_GUARDED_BY(mutex_);
  StringMap<uint32_t> name_ids_ ABSL_GUARDED_BY(mutex_);
  LabelTable table_;  // changes under mutex_; see there for who reads without
  BlockList<Postings> series_of_ ABSL_GUARDED_BY(mutex_);  // by pair
  LabelPins pins_ ABSL_GUARDED_BY(mutex_);
  std::vector<PairId> free_pairs_ ABSL_GUARDED_BY(mutex_);
  SeriesPairs series_ ABSL_GUARDED_BY(mutex_);
  // Scratch of Add(): the pairs of a series, and by their place who got each of them last.
  struct Run {
    PairId pair;
    uint32_t first;
    uint32_t count;
  };
  std::vector<PairId> pairs_ ABSL_GUARDED_BY(mutex_);
  std::vector<Run> runs_ ABSL_GUARDED_BY(mutex_);
  mutable MatchCache matches_;  // its own lock, and mutex_ as it says
  uint64_t series_count_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t text_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

// If the expression is nothing but literals joined by `|`, those; `a|b`, but not `a.b`. For index
// look-ups.
std::optional<std::vector<std::string_view>> LiteralAlternatives(std::string_view pattern);

}  // namespace outrider
