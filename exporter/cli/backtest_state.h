// SPDX-License-Identifier: Apache-2.0
// outrider backtest --write-state: what the detectors of a back-test know in the end, put into the
// state of a daemon that does not run.
#pragma once

#include <memory>
#include <vector>

#include "exporter/cli/commands.h"
#include "exporter/trial/analytics_backtest.h"
#include "storage/state/memory_store.h"

namespace outrider {

// Holds the daemon's store from the beginning, so that the daemon is not started meanwhile.
class StateTarget {
 public:
  // FailedPrecondition when a daemon has the store. With command.config_file: InvalidArgument for
  // entries that the daemon does not have, and `interval` becomes the daemon's.
  static StatusOr<StateTarget> Open(const BacktestCommand& command,
                                    const std::vector<Entry>& entries, DurationMs* interval);

  // For the run: begins empty.
  StateStore* states() { return replayed_.get(); }
  // Says on standard error what was written. Nothing is when the run was stopped.
  Status Finish(const AnalyticsBacktestResult& result, Timestamp now);

 private:
  StateTarget() = default;

  std::string directory_;
  NewerStates newer_ = NewerStates::kKeep;
  std::vector<Hash128> entries_;
  std::unique_ptr<StateStore> store_;
  std::unique_ptr<MemoryStore> replayed_ = std::make_unique<MemoryStore>();
};

}  // namespace outrider
