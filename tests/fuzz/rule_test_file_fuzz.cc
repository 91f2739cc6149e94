// SPDX-License-Identifier: Apache-2.0
// Unit tests of rules: no input may crash the loader or the notations in it; what loads says the
// same twice; a small test that loads runs. Rules of its own are read from the same text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/rulefile/rule_file.h"
#include "rules/trial/rule_case.h"
#include "rules/trial/rule_test_file.h"

namespace {

// Stands still: queries have no timeout, which their limits make up for.
class StillClock final : public outrider::Clock {
 public:
  outrider::Nanos NowNanos() const override { return 0; }
  int64_t MonotonicNanos() const override { return 0; }
  int64_t ThreadCpuNanos() const override { return 0; }
  bool SleepUntil(outrider::Nanos, std::stop_token) const override { return true; }
};

constexpr outrider::DurationMs kLongest = 20;  // evaluations

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = outrider::ParseRuleTestFile(text, "fuzz.yml");
  const auto second = outrider::ParseRuleTestFile(text, "fuzz.yml");
  if (first.ok() != second.ok()) std::abort();
  if (!first.ok()) return 0;
  if (first->cases.size() != second->cases.size()) std::abort();
  const StillClock clock;
  outrider::RuleTestOptions options;
  options.debug = true;
  options.diff = true;
  for (const outrider::RuleTestCase& test : first->cases) {
    if (test.Length() / first->evaluation_interval > kLongest) continue;
    bool small = true;  // a million samples are fine, but slow
    for (const outrider::InputSeries& input : test.input) small &= input.values.size() < 20;
    if (small) outrider::RunRuleCase({*first, test, {}}, options, clock);
  }
  return 0;
}
