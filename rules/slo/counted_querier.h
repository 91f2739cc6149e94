// SPDX-License-Identifier: Apache-2.0
// What the engine sees while it adds up events: counters of the books as what they grew by in one
// slot, everything else as it is.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "rules/slo/counter_book.h"
#include "storage/window/querier.h"

namespace outrider {

// Thread-safe while the books stand still.
class CountedQuerier final : public Querier {
 public:
  // `ranged`: the books stand for range selectors.
  struct Shown {
    const CounterBook* book = nullptr;
    bool ranged = false;
  };
  CountedQuerier(const Querier& behind, std::vector<Shown> books)
      : behind_(behind), books_(std::move(books)) {}

  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t max_samples,
                SeriesSet* out) const override {
    for (const Shown& shown : books_) {
      if (!std::ranges::equal(shown.book->matchers(), matchers)) continue;
      shown.book->Select(from, to, shown.ranged, out);
      return absl::OkStatus();
    }
    return behind_.Select(matchers, from, to, max_samples, out);
  }
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override {
    return behind_.SelectLabels(matchers, from, to);
  }
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> matchers, Timestamp from,
                                                Timestamp to) const override {
    return behind_.LabelNames(matchers, from, to);
  }
  StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                 std::span<const Matcher> matchers, Timestamp from,
                                                 Timestamp to) const override {
    return behind_.LabelValues(name, matchers, from, to);
  }
  Timestamp OldestKept() const override { return behind_.OldestKept(); }

 private:
  const Querier& behind_;
  std::vector<Shown> books_;
};

}  // namespace outrider
