// SPDX-License-Identifier: Apache-2.0
// Recommendation policies: what a container was seen to need in, bounds out; pure. One file per
// policy, one row in table.cc. People read docs/rightsizing.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/capacity/recommend/bounds.h"
#include "storage/base/clock.h"

namespace outrider {

class ContainerDemand;

struct PolicyInput {
  const ContainerDemand& demand;
  Timestamp now = 0;
  size_t containers_in_pod = 1;
  std::optional<double> request = {};  // now, of this resource
  std::optional<double> limit = {};
  // A horizontal autoscaler scales on this resource's use of the request.
  bool scaled = false;
};

struct PolicyAdvice {
  Bounds bounds;
  // False: the policy says nothing here, and `rule` says why.
  bool given = true;
  bool limit_wanted = false;
  // What an earlier recommendation may not be kept below, and that none may be kept at all.
  double floor = 0;
  bool fixed = false;
  std::string rule;  // in words: what `target` is
  // CPU: the request of each quarter of an hour of the day (UTC), 96 of them, for those who change
  // requests with the time of day; empty: the same all day is best. `bounds` never depend on it.
  std::vector<float> schedule;
};

struct RecommendPolicy {
  std::string_view name;
  PolicyAdvice (*cpu)(const PolicyInput& input) = nullptr;
  PolicyAdvice (*memory)(const PolicyInput& input) = nullptr;
};

const RecommendPolicy* FindPolicy(std::string_view name);  // nullptr: unknown
std::vector<std::string> PolicyNames();

// Up to the next millicore / MiB, as Kubernetes quantities are written, and not below the smallest
// that makes sense (10m, 32 MiB).
double RoundCores(double cores);
double RoundBytes(double bytes);

}  // namespace outrider
