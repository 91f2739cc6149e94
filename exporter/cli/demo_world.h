// SPDX-License-Identifier: Apache-2.0
// The built-in world of `outrider demo`: three nodes, a few workloads and services, with series
// under the names that node_exporter, cAdvisor, kube-state-metrics and an instrumented service use.
// A pure function of time.
#pragma once

#include <vector>

#include "storage/base/clock.h"
#include "storage/window/appender.h"

namespace outrider {

class DemoWorld {
 public:
  // `story_start`: when the story begins. 15 s later the checkout service starts to fail (for 45
  // s), 20 s later a pod of `payments` eats its memory (for 60 s); before and after all is well.
  explicit DemoWorld(Timestamp story_start) : start_(story_start) {}

  // All series of the world at one scrape. Counters only grow, whatever the order of calls.
  std::vector<LabeledSample> At(Timestamp now) const;

 private:
  void AddNodes(Timestamp now, std::vector<LabeledSample>* out) const;
  void AddPods(Timestamp now, std::vector<LabeledSample>* out) const;
  void AddServices(Timestamp now, std::vector<LabeledSample>* out) const;
  Timestamp start_;
};

}  // namespace outrider
