// SPDX-License-Identifier: Apache-2.0
// Which labels of a row count: of `by`, `without`, `on`, `ignoring`. A row of selected series is
// looked at by the numbers of its labels, without their texts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/block.h"

namespace outrider::promql {

class Evaluator;

// Results are valid until the next call. Rows with numbers must be of one table.
class LabelKey {
 public:
  enum class Mode {
    kOnly,    // the named labels
    kAllBut,  // all but those, the metric name in any case
    kExcept   // all but those
  };
  LabelKey(Mode mode, std::vector<std::string> names);
  // `name_gone`: the row's metadata labels count as removed.
  // Bytes that are equal where the labels are.
  std::string_view Of(const Row& row, bool name_gone);
  // The same of rows whose labels have numbers, as these numbers.
  std::span<const PairId> PairsOf(const Row& row, bool name_gone);
  // Whether it is one label by its name, whatever becomes of the metric's.
  bool IsOneLabel() const;
  // Of that label: probably the number the row has it by. False when nobody knows.
  bool GuessPair(const Row& row, PairId* pair) const {
    const PairList& all = row.labels->pairs();
    if (places_.empty() || places_[0] >= all.size()) return false;
    *pair = all[places_[0]];
    return true;
  }
  Labels LabelsOf(const Row& row, bool name_gone) const;
  // The same, owned by the evaluator, with numbers if the row has them.
  const SeriesLabels* Own(Evaluator& evaluator, const Row& row, bool name_gone);

 private:
  bool Keeps(std::string_view name, bool name_gone) const;
  bool Keeps(const LabelPair& pair, bool name_gone);

  Mode mode_;
  std::vector<std::string> names_;  // sorted
  std::string key_;
  std::vector<PairId> pairs_;
  std::vector<uint32_t> places_;       // of what was kept of the row before
  std::vector<uint8_t> kept_of_name_;  // by number of a name, what was found: bits below
};

}  // namespace outrider::promql
