// SPDX-License-Identifier: Apache-2.0
// What machines have and use, from node_exporter's series. Source: specs/cost_and_rightsizing.md
// §4.3.
#pragma once

#include <string>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/sample.h"
#include "storage/window/querier.h"

namespace outrider {

struct HostUsage {
  std::string instance;
  double cores = 0;            // number of CPUs
  double memory_bytes = 0;     // MemTotal
  std::vector<Sample> cpu;     // cores busy: all modes but idle, over all CPUs
  std::vector<Sample> memory;  // bytes: MemTotal - MemAvailable
  bool ended = false;          // every CPU series has ended by a staleness marker
};

// A time counts only when every series of the host has its sample, so that half a scrape is not
// taken for an idle machine. An instance scraped by two jobs is one host.
StatusOr<std::vector<HostUsage>> ReadHostUsage(const Querier& querier, Timestamp from,
                                               Timestamp to);

}  // namespace outrider
