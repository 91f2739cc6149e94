// SPDX-License-Identifier: Apache-2.0
// Saved state of a container's demand: no bytes may crash, what was read goes on with new samples,
// every policy says something finite, and what is saved again can be read.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/capacity/recommend/demand.h"
#include "rules/capacity/recommend/policy.h"

namespace outrider {
namespace {

void RunPolicies(const ContainerDemand& demand, Timestamp now) {
  for (const std::string& name : PolicyNames()) {
    const RecommendPolicy* policy = FindPolicy(name);
    for (const PolicyAdvice& advice : {policy->cpu({.demand = demand, .now = now}),
                                       policy->memory({.demand = demand, .now = now})}) {
      if (!std::isfinite(advice.bounds.target) || advice.bounds.target < 0) __builtin_trap();
    }
  }
}

void Run(std::string_view bytes) {
  ContainerDemand demand;
  ContainerInstance instance;
  RowReader in(bytes, 1, "state");
  demand.Load(in);
  instance.Load(in);
  if (!in.Finish().ok()) return;
  constexpr Timestamp kStart = 1'763'700'000'000;
  for (int i = 0; i < 200; ++i) {
    const Timestamp now = kStart + i * 7 * kMinute;
    demand.AddCpu(now, 0.01 * i, {.age = kHour}, &instance);
    demand.AddMemory(now, 1e6 * i, {.rss = 1e5 * i}, &instance);
  }
  RunPolicies(demand, kStart + kDay);
  RowWriter out(1);
  demand.Save(out);
  instance.Save(out);
  const std::string saved = out.Take();
  RowReader again(saved, 1, "state");
  ContainerDemand next;
  ContainerInstance next_instance;
  next.Load(again);
  next_instance.Load(again);
  if (!again.Finish().ok()) __builtin_trap();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  outrider::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
