// SPDX-License-Identifier: Apache-2.0
// Objectives over a restart: their events as rows of Family::kSlo.
//
//   key    name 0x00 "f"                     how far the feeds read, and their counters
//          name 0x00 "t" XXH3-128 of labels  the ring of a label set
//   value  format(1), then as slo_runner.cc and what it calls write it
//
// What changed of an objective is written in one batch: events are neither lost nor counted twice.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>

#include "rules/slo/slo_runner.h"
#include "storage/state/state_store.h"

namespace outrider {

// Makes batches and knows what is written; the caller commits them. Not thread-safe.
class SloCheckpoint {
 public:
  explicit SloCheckpoint(const StateStore& store) : store_(store) {}

  // Into fresh runners; null ones are passed over. One whose rows do not fit (another way of
  // counting, damaged) begins anew and is made fresh again; the log says so.
  Status Load(std::span<std::unique_ptr<SloRunner>> runners);
  // What changed since the runner's last batch; rows of label sets that are gone are deleted.
  Batch Changed(SloRunner* runner) const;
  // Deletes rows of objectives that are none of `names`, some of them if there are very many.
  Batch Gone(const std::set<std::string>& names) const;
  // The batch was committed.
  void Written(const Batch& batch);

 private:
  const StateStore& store_;
  std::set<std::string> keys_;  // in the store
};

}  // namespace outrider
