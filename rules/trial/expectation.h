// SPDX-License-Identifier: Apache-2.0
// Does what came meet what a rule test expects? Alerts and samples are compared alike, as sets of
// facts; what differs is said in promtool's form or as a diff.
#pragma once

#include <string>
#include <vector>

#include "rules/trial/rule_test_file.h"

namespace outrider {

// An alert or a sample, expected or seen.
struct Fact {
  TextMap labels;
  TextMap annotations;    // of an alert
  std::string state;      // of an alert where states are compared, else empty
  double value = 0;       // of a sample
  std::string histogram;  // of a sample: its literal; empty: a float
};

// How facts are written in a failure.
enum class FactKind { kAlert, kSample };

struct CompareOptions {
  MatchMode match;
  bool fuzzy = false;  // floats may differ in the last bit of the mantissa
};

// Every expected fact meets another one of those that were seen, and (unless `allow_more`) none is
// left. NaN meets nothing, as in promtool.
bool MeetsAll(const std::vector<Fact>& expected, const std::vector<Fact>& got,
              const CompareOptions& options);

// promtool's text: `[]` or a numbered list of alerts; `nil` or samples one after the other.
std::string FactsText(FactKind kind, std::vector<Fact> facts);

// What differs, a line for each part, `- ` expected and `+ ` seen; facts that are alike are set
// side by side. `color`: with the escapes of a terminal.
std::string FactsDiff(FactKind kind, const std::vector<Fact>& expected,
                      const std::vector<Fact>& got, const CompareOptions& options, bool color);

// `{a="b", c="d"}`.
std::string LabelsText(const TextMap& labels);

}  // namespace outrider
