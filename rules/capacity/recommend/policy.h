// SPDX-License-Identifier: Apache-2.0
// Recommendation policies: usage in, bounds out; pure. One file per policy, one row in table.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outrider {

class UsageHistogram;

// Cores or bytes.
struct Bounds {
  double target = 0;  // what to request
  double lower = 0;   // a request below this is too small
  double upper = 0;   // a request above this is too large
  double limit = 0;   // what to set as limit, where limits are wanted
};

struct RecommendPolicy {
  std::string_view name;
  std::string_view cpu_rule;  // in words, for the reason shown to people
  std::string_view memory_rule;
  Bounds (*cpu)(const UsageHistogram& usage) = nullptr;
  Bounds (*memory)(const UsageHistogram& usage) = nullptr;
};

const RecommendPolicy* FindPolicy(std::string_view name);  // nullptr: unknown
std::vector<std::string> PolicyNames();

// Up to the next millicore / MiB, as Kubernetes quantities are written, and not below the smallest
// that makes sense (10m, 32 MiB).
double RoundCores(double cores);
double RoundBytes(double bytes);

}  // namespace outrider
