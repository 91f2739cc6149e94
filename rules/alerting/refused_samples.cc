// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/refused_samples.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "storage/base/log.h"

namespace outrider {
namespace {

struct Refusal {
  uint64_t AppendCounts::* count;
  const char* error;
  const char* message;
};

constexpr std::array<Refusal, 4> kRefusals = {{
    {&AppendCounts::out_of_order, "out of order sample",
     "Error on ingesting out-of-order result from rule evaluation"},
    {&AppendCounts::too_old, "too old sample",
     "Error on ingesting too old result from rule evaluation"},
    {&AppendCounts::duplicate, "duplicate sample for timestamp",
     "Error on ingesting results from rule evaluation with different value but same timestamp"},
    {&AppendCounts::too_far_ahead, "out of bounds", "Rule evaluation result discarded"},
}};

}  // namespace

std::string RefusalText(const AppendCounts& counts) {
  for (const Refusal& refusal : kRefusals) {
    if (counts.*refusal.count > 0) return refusal.error;
  }
  return "";
}

void LogRefused(const AppendCounts& counts, const std::string& place, const std::string& rule) {
  for (const Refusal& refusal : kRefusals) {
    const uint64_t count = counts.*refusal.count;
    if (count == 0) continue;
    LogWarn(refusal.message,
            {{"place", place}, {"rule", rule}, {"num_dropped", fmt::to_string(count)}});
  }
}

}  // namespace outrider
