// SPDX-License-Identifier: Apache-2.0
// Objectives over a restart: their events as rows of Family::kSlo.
//
//   key    name 0x00 "f"                     how far the feeds read, and their counters
//          name 0x00 "t" XXH3-128 of labels  the ring of a label set
//   value  format(1), then as slo_runner.cc and what it calls write it
//
// All rows of an objective are written in one batch: events are neither lost nor counted twice.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "rules/slo/slo_runner.h"
#include "storage/state/state_store.h"

namespace outrider {

// Not thread-safe.
class SloCheckpoint {
 public:
  explicit SloCheckpoint(StateStore& store) : store_(store) {}

  // Into fresh runners. One whose rows do not fit (another way of counting, damaged) begins anew
  // and is made fresh again; the log says so.
  Status Load(std::span<std::unique_ptr<SloRunner>> runners);
  // Rows of objectives and label sets that are gone are deleted.
  Status Save(std::span<const std::unique_ptr<SloRunner>> runners, Durability durability);

 private:
  StateStore& store_;
  std::set<std::string> keys_;  // in the store
};

}  // namespace outrider
