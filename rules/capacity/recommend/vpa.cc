// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/vpa.h"

#include <algorithm>
#include <cmath>

#include "rules/capacity/recommend/demand.h"

namespace outrider {
namespace {

constexpr double kMargin = 0.15;
constexpr double kLeastMillicores = 25;
constexpr double kLeastBytes = 250.0 * 1024 * 1024;
constexpr double kLargestAmount = 1e14;  // "100T", what an unbounded upper bound shows as

int64_t Amount(double value) {
  return static_cast<int64_t>(std::clamp(value, 0.0, kLargestAmount));
}
int64_t Scale(int64_t amount, double factor) {
  const double scaled = static_cast<double>(amount) * factor;
  return std::isnan(scaled) ? 0 : Amount(scaled);
}

double Confidence(const ContainerDemand& demand) {
  if (demand.cpu_samples() == 0) return 0;
  const double days =
      static_cast<double>(demand.last_cpu_time() - demand.first_time()) / static_cast<double>(kDay);
  return std::min(days, static_cast<double>(demand.cpu_samples()) / 1440);
}

// `unit`: amounts in one of what the histogram holds (millicores in a core).
template <typename Histogram>
VpaAmounts Estimate(const Histogram& histogram, const BucketScheme& scheme, double unit,
                    double confidence, int64_t least) {
  const auto with_margin = [&](double percentile) {
    const int64_t base = Amount(histogram.UpperPercentile(scheme, percentile) * unit);
    return base + Scale(base, kMargin);
  };
  VpaAmounts amounts;
  amounts.target = std::max(with_margin(0.90), least);
  amounts.lower = std::max(Scale(with_margin(0.50), PowAsGo(1 + 0.001 / confidence, -2)), least);
  amounts.upper = std::max(Scale(with_margin(0.95), 1 + 1.0 / confidence), least);
  return amounts;
}

int64_t Least(double per_pod, size_t containers) {
  const double share = 1.0 / static_cast<double>(std::max<size_t>(1, containers));
  return Scale(Amount(per_pod), share);
}

// A limit grows and shrinks as its request does.
double LimitFor(const PolicyInput& input, double target) {
  if (!input.limit) return target;
  if (!input.request || !(*input.request > 0) || *input.request == *input.limit) return target;
  return *input.limit * target / *input.request;
}

PolicyAdvice AdviceOf(const PolicyInput& input, const VpaAmounts& amounts, double unit) {
  PolicyAdvice advice;
  advice.bounds = {.target = static_cast<double>(amounts.target) / unit,
                   .lower = static_cast<double>(amounts.lower) / unit,
                   .upper = static_cast<double>(amounts.upper) / unit};
  advice.bounds.limit = LimitFor(input, advice.bounds.target);
  advice.limit_wanted = input.limit.has_value();
  return advice;
}

}  // namespace

VpaAmounts VpaCpuMillicores(const ContainerDemand& demand, size_t containers_in_pod) {
  return Estimate(demand.vpa_cpu(), kCpuBuckets, 1000, Confidence(demand),
                  Least(kLeastMillicores, containers_in_pod));
}

VpaAmounts VpaMemoryBytes(const ContainerDemand& demand, size_t containers_in_pod) {
  return Estimate(demand.vpa_memory(), kMemoryBuckets, 1, Confidence(demand),
                  Least(kLeastBytes, containers_in_pod));
}

PolicyAdvice CpuByVpa(const PolicyInput& input) {
  PolicyAdvice advice =
      AdviceOf(input, VpaCpuMillicores(input.demand, input.containers_in_pod), 1000);
  advice.rule = "VPA: 90th percentile of use, halved each day, plus 15 %";
  return advice;
}

PolicyAdvice MemoryByVpa(const PolicyInput& input) {
  PolicyAdvice advice = AdviceOf(input, VpaMemoryBytes(input.demand, input.containers_in_pod), 1);
  advice.rule = "VPA: 90th percentile of the daily peaks of each pod plus 15 %";
  return advice;
}

}  // namespace outrider
