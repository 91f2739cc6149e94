// SPDX-License-Identifier: Apache-2.0
// The PromQL engine: text in, value out. Source: specs/prometheus.md §2.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/value.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/matcher.h"
#include "storage/window/querier.h"

namespace outrider::promql {

struct Expr;        // rules/promql/ast.h
struct QueryStats;  // rules/promql/query_stats.h

// Language switches, with Prometheus' defaults.
struct ParseOptions {
  bool experimental_functions = false;    // promql-experimental-functions
  bool extended_range_selectors = false;  // promql-extended-range-selectors
  bool binop_fill_modifiers = false;      // promql-binop-fill-modifiers
  friend bool operator==(const ParseOptions&, const ParseOptions&) = default;
};
inline constexpr ParseOptions kWholeLanguage{
    .experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};

struct EngineOptions {
  DurationMs lookback = 5 * kMinute;
  DurationMs default_subquery_step = kMinute;
  size_t max_samples = 50'000'000;  // per query
  DurationMs timeout = 2 * kMinute;
  bool delayed_name_removal = false;
  // Start times of samples tell rate(), irate(), increase() and resets() of resets, and of where a
  // counter begins.
  bool use_start_timestamps = false;
};

// A parsed, checked, immutable expression. Cheap to copy, thread-safe.
class Expression {
 public:
  // InvalidArgument with Prometheus' text: `1:5: parse error: unexpected …`.
  static StatusOr<Expression> Parse(std::string_view text, const ParseOptions& options = {});
  ValueType type() const;
  std::string ToString() const;  // canonical text; parses back to the same tree
  const Expr& root() const { return *root_; }
  const std::string& text() const { return *text_; }  // as it was written
  // Matchers of each vector selector, and how far before the evaluation time it reaches (range +
  // offset + lookback).
  struct Reach {
    std::vector<Matcher> matchers;
    DurationMs horizon = 0;
  };
  std::vector<Reach> Selectors(DurationMs lookback) const;
  // The longest of their horizons, and maybe some more.
  DurationMs LongestReach(DurationMs lookback) const { return longest_range_ + lookback; }

 private:
  Expression(std::shared_ptr<const Expr> root, std::shared_ptr<const std::string> text);
  std::shared_ptr<const Expr> root_;
  std::shared_ptr<const std::string> text_;
  DurationMs longest_range_ = 0;  // the longest horizon without lookback
};

// Stateless beside its options; thread-safe. Errors: InvalidArgument (bad data, 400),
// FailedPrecondition (execution, 422), DeadlineExceeded (timeout, 503), ResourceExhausted (too many
// samples, 422), with Prometheus' texts.
class Engine {
 public:
  Engine(EngineOptions options, const Clock& clock) : options_(options), clock_(clock) {}
  // `stats`, if given, is filled with what the query looked at.
  StatusOr<QueryResult> Instant(const Expression& expr, const Querier& querier, Timestamp time,
                                QueryStats* stats = nullptr) const;
  // Points at start, start+step, …, <= end.
  StatusOr<QueryResult> Range(const Expression& expr, const Querier& querier, Timestamp start,
                              Timestamp end, DurationMs step, QueryStats* stats = nullptr) const;
  const EngineOptions& options() const { return options_; }

 private:
  EngineOptions options_;
  const Clock& clock_;  // for the timeout only
};

}  // namespace outrider::promql
