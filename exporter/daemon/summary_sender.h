// SPDX-License-Identifier: Apache-2.0
// Sends the weekly summaries, each once: that a week was told is written in the batch that queues
// its messages.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exporter/daemon/summary_config.h"
#include "notifiers/desk/desk.h"
#include "rules/capacity/recommendation.h"
#include "rules/cost/savings_tracker.h"
#include "rules/pricing/price.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

struct SummarySources {
  std::function<std::vector<Recommendation>()> recommendations;
  std::function<std::vector<WorkloadCost>()> costs;
  // Dollars a month that requests taken up by workloads of these save now; nothing: not known.
  std::function<std::optional<double>(const SummaryTarget& target)> realised_per_month;
  std::function<Currency()> currency;  // the summaries speak of
};

// What the workloads of the target save a month now by requests that followed a recommendation;
// nothing when none did.
std::optional<double> RealisedPerMonth(std::span<const RealisedSavings> savings,
                                       const SummaryTarget& target);

// Not thread-safe.
class SummarySender {
 public:
  // `desk` and `store` outlive it.
  SummarySender(Desk& desk, const StateStore& store, SummarySources sources)
      : desk_(desk), store_(store), sources_(std::move(sources)) {}

  // A week that passed while nobody was here is told within a day, later not at all. The first call
  // ever tells nothing: the first summary comes with the next moment of `config`.
  Status Tick(const SummaryConfig& config, const std::string& external_url, Timestamp now);

 private:
  StatusOr<Timestamp> LastTold();
  DeskReport MakeReport(const SummaryTarget& target, const std::string& external_url,
                        Timestamp slot) const;

  Desk& desk_;
  const StateStore& store_;
  const SummarySources sources_;
  std::optional<Timestamp> told_;  // the moment that was told last; 0: none ever
};

}  // namespace outrider
