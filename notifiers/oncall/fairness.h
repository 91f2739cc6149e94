// SPDX-License-Identifier: Apache-2.0
// How a period's load is shared. Source: specs/incidents_oncall_slo.md §2.2 ("quality").
#pragma once

#include <map>
#include <string>

#include "notifiers/oncall/schedule.h"

namespace outrider {

struct Fairness {
  std::map<std::string, int64_t> nanos;  // on call, by user
  double coverage = 0;                   // share of the period in which somebody is on call, 0 to 1
  double balance = 1;  // mean over pairs of users of the smaller load by the larger; 1 for one user
  double Quality() const { return (coverage + balance) / 2; }
};
Fairness FairnessOf(const Schedule& schedule, Nanos from, Nanos to);

}  // namespace outrider
