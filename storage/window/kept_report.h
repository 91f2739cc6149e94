// SPDX-License-Identifier: Apache-2.0
// What is kept for whom, and what it takes: walked when somebody asks, nothing is counted for it
// meanwhile. No lock is held from one shard to the next, so figures of one report may be some
// samples apart.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/window/windows.h"

namespace outrider {

struct SeriesUsage {
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t bytes = 0;  // of their chunks
  friend bool operator==(const SeriesUsage&, const SeriesUsage&) = default;
};

// Everything one owner refers to, each series once. Series of several owners are in each of them.
struct OwnerUsage {
  SeriesOwner owner;
  DurationMs horizon = 0;  // the longest of its references
  DurationMs keep = 0;     // so long they are kept at least
  SeriesUsage usage;
};

// By kind of owner, each series once: for the kind that needs it longest.
using UsageByKind = std::map<std::string, SeriesUsage>;
inline constexpr const char* kUnreferencedKind = "unreferenced";

struct KeptReport {
  DurationMs retention = 0;        // storage.retention
  DurationMs unreferenced = 0;     // retention of unreferenced series in force
  std::vector<OwnerUsage> owners;  // most bytes first
  std::vector<std::pair<std::string, SeriesUsage>> metrics;  // by name, most bytes first
  UsageByKind kinds;
  SeriesUsage total;
};

KeptReport ReportKept(const Windows& windows);
UsageByKind KeptByKind(const Windows& windows);

}  // namespace outrider
