// SPDX-License-Identifier: Apache-2.0
// Runs a scenario against the real desk and dispatcher in virtual time, with one crash at a chosen
// write, and reports what happened. The rules' side and people are models: rules remember through
// their rows in the store what they told; a person whose request failed asks again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "notifiers/desk/desk.h"
#include "storage/state/faulty_store.h"
#include "tests/sim/scenario.h"

namespace outrider::sim {

struct CrashPlan {
  StoreFault fault = StoreFault::kNone;
  uint64_t at = 0;
  bool power_cut = false;  // un-synced commits are lost as well
};

struct Report {
  uint64_t commits = 0;  // until the crash, or all
  bool crashed = false;
  std::map<std::string, int> told;      // what arrived, unmarked, by text
  std::map<std::string, int> repeated;  // … marked as a repeat
  std::map<std::string, int>
      breaches;  // SLA breaches in the audit trail, by incident title and clock
  std::map<std::string, int> incidents;  // final states, by title
  std::vector<std::string> violations;
  size_t arrivals = 0;
};

Report RunWeek(const Scenario& scenario, const CrashPlan& crash, const DeskFaults& faults = {});

// What `run` did worse than the run without a crash: lost, repeated, breached twice or not at all.
std::vector<std::string> Compare(const Report& undisturbed, const Report& run);

}  // namespace outrider::sim
