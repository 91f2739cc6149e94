// SPDX-License-Identifier: Apache-2.0
// Unit tests of rules as promtool's test files write them, and what Outrider adds to the format:
// `match`, `allow_more`, `states` and `exp_state`. Source: specs/prometheus.md §3.4.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/alerting/alert_state.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// Where something stands in the test file, both from 1.
struct TestPlace {
  int line = 1;
  int column = 1;
};

struct InputSeries {
  TestPlace place;
  std::string series;
  std::string values;
};

using TextMap = std::map<std::string, std::string>;

// How an expectation meets a result.
struct MatchMode {
  bool partial = false;     // `match: partial`: what is not named may be anything
  bool allow_more = false;  // results beside those that are expected are fine
};

struct ExpectedAlert {
  TextMap labels;  // without alertname
  TextMap annotations;
  AlertState state = AlertState::kFiring;
};

struct AlertExpectation {
  TestPlace place;
  DurationMs eval_time = 0;
  std::string alertname;
  MatchMode match;
  bool pending = false;  // pending alerts are looked at
  bool firing = true;    // firing alerts are looked at
  std::vector<ExpectedAlert> alerts;
};

struct ExpectedSample {
  std::string labels;  // as a metric is written
  double value = 0;
  std::string histogram;  // in the notation of test series; empty: a float
};

struct ExprExpectation {
  TestPlace place;
  std::string expr;
  DurationMs eval_time = 0;
  MatchMode match;
  std::vector<ExpectedSample> samples;
};

struct RuleTestCase {
  TestPlace place;
  std::string name;  // may be empty
  DurationMs interval = 0;
  Timestamp start = 0;
  std::vector<InputSeries> input;
  std::vector<AlertExpectation> alerts;
  std::vector<ExprExpectation> exprs;
  TextMap external_labels;
  std::string external_url;

  // The largest eval_time.
  DurationMs Length() const;
};

struct RuleTestFile {
  std::string path;
  std::vector<std::string> rule_files;  // patterns, as written
  DurationMs evaluation_interval = kMinute;
  bool fuzzy_compare = false;
  std::vector<std::string> group_eval_order;
  std::vector<RuleTestCase> cases;
};

// Strict as promtool is: unknown and duplicate keys are errors. All errors begin with
// `path:line:column: `.
StatusOr<RuleTestFile> ParseRuleTestFile(std::string_view text, const std::string& path);

}  // namespace outrider
