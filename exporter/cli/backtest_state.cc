// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/backtest_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "exporter/daemon/loader.h"
#include "rules/analytics/checkpoint.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/state/rocksdb_store.h"

namespace outrider {
namespace {

// An entry that differs from the daemon's in anything that shapes its state is another one.
Status CheckEntries(const std::vector<Entry>& entries, const LoadedFiles& daemon) {
  std::vector<std::string> others;
  for (const Entry& entry : entries) {
    const auto is_it = [&](const Entry& own) { return EntryIdentity(own) == EntryIdentity(entry); };
    if (std::ranges::none_of(daemon.entries, is_it)) others.push_back(Quote(entry.name));
  }
  if (others.empty()) return absl::OkStatus();
  return InvalidArgument(
      fmt::format("{} has no such entry as {}: its state would be of no use there (name, kind, "
                  "expression and options must be the same)",
                  daemon.config.file, Join(others, ", ")));
}

}  // namespace

StatusOr<StateTarget> StateTarget::Open(const BacktestCommand& command,
                                        const std::vector<Entry>& entries, DurationMs* interval) {
  StateTarget target;
  target.directory_ = command.write_state;
  target.newer_ = command.replace_newer ? NewerStates::kReplace : NewerStates::kKeep;
  for (const Entry& entry : entries) target.entries_.push_back(EntryIdentity(entry));
  if (!command.config_file.empty()) {
    const LoadedFiles daemon = TRY(LoadFiles(command.config_file, command.features));
    TRY(CheckEntries(entries, daemon));
    *interval = daemon.config.analytics.interval;
  }
  TRY(MakeDirectories(target.directory_));
  target.store_ = TRY(OpenRocksDbStore(target.directory_ + "/state"));
  return target;
}

Status StateTarget::Finish(const AnalyticsBacktestResult& result, Timestamp now) {
  if (result.stopped) {
    fmt::print(stderr, "outrider: interrupted, so no state was written\n");
    return absl::OkStatus();
  }
  Checkpoints checkpoints(*store_);
  const auto copied = TRY(checkpoints.CopyFrom(*replayed_, entries_, newer_));
  for (const Hash128& entry : entries_) {
    TRY(checkpoints.SetMark(entry, WarmUpMark::kDone, now));
  }
  TRY(store_->Commit({}, Durability::kSynced));
  fmt::print(stderr, "outrider: {} states of {} entries written to {}\n", copied.taken,
             entries_.size(), directory_);
  if (copied.kept > 0) {
    fmt::print(stderr,
               "outrider: {} states stayed as they were: they hold newer samples than the history "
               "(--replace-newer)\n",
               copied.kept);
  }
  return absl::OkStatus();
}

}  // namespace outrider
