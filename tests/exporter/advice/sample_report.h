// SPDX-License-Identifier: Apache-2.0
// Recommendations as a small shop has them: savings, needs, no data, a machine, names that try to
// break every format.
#pragma once

#include <string>
#include <vector>

#include "exporter/advice/report.h"

namespace outrider {

inline constexpr double kTestMib = 1024.0 * 1024.0;

struct AdviceSpec {
  std::optional<double> request = {};
  std::optional<double> limit = {};
  double target = 0;  // 0: not enough data
  double recommended_limit = 0;
  bool limit_wanted = false;
  std::optional<double> savings = {};
};

ResourceAdvice MakeAdvice(const AdviceSpec& spec);
Recommendation MakeRow(WorkloadKey key, std::string container, uint64_t pods, const AdviceSpec& cpu,
                       const AdviceSpec& memory);
AdviceReport SampleReport();

}  // namespace outrider
