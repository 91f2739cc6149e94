// SPDX-License-Identifier: Apache-2.0
// Who needs how long: which loaded expression refers to a series, and how far back it reaches.
// Source: contract.md, "How long samples are kept".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/model/labels.h"
#include "storage/model/matcher.h"

namespace outrider {

// Whose reference it is. Kinds: rule, analytics, capacity.
struct SeriesOwner {
  std::string kind;
  std::string name;  // `rules/app.yml group "g" alert "Down"`
  friend auto operator<=>(const SeriesOwner&, const SeriesOwner&) = default;
};

// One selector of a rule, an analytics entry or a dashboard, and how far before now it reads.
struct SeriesReference {
  std::vector<Matcher> matchers;
  DurationMs horizon = 0;
  SeriesOwner owner = {};
};

// Immutable, thread-safe.
class RetentionPlan {
 public:
  RetentionPlan(DurationMs retention, DurationMs unreferenced,
                std::vector<SeriesReference> references);

  // keep = min(retention, max(longest horizon of a reference that matches, unreferenced)),
  // milliseconds.
  DurationMs KeepOf(std::span<const LabelView> labels) const;
  // What any series is kept at most: nothing older is of use to anybody.
  DurationMs Longest() const { return Keep(references_.empty() ? 0 : references_.front().horizon); }
  // The longest horizon of the references that may meet a series these matchers select; 0: none.
  DurationMs HorizonOf(std::span<const Matcher> matchers) const;
  DurationMs Keep(DurationMs horizon) const;
  // The same plan with another retention of unreferenced series.
  RetentionPlan WithUnreferenced(DurationMs unreferenced) const {
    return {retention_, unreferenced, references_};
  }
  const std::vector<SeriesReference>& references() const { return references_; }  // longest first
  DurationMs retention() const { return retention_; }
  DurationMs unreferenced() const { return unreferenced_; }

 private:
  DurationMs retention_;
  DurationMs unreferenced_;
  std::vector<SeriesReference> references_;   // longest horizon first
  StringMap<std::vector<size_t>> by_metric_;  // those with __name__="…", indexes ascending
  std::vector<size_t> of_any_metric_;
};

}  // namespace outrider
