// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/farewell.h"

#include <algorithm>
#include <iterator>

#include "rules/alerting/told_alert.h"

namespace outrider {

void Farewell::Add(const RuleRunner& runner) {
  for (const AlertPtr& alert : runner.alerts()) alerts.push_back(runner.RowOf(alert));
  for (const AlertPtr& alert : runner.no_data()) alerts.push_back(runner.NoDataRowOf(alert));
  std::ranges::copy(runner.series(), std::back_inserter(series));
}

void Farewell::Add(std::vector<AlertRow> rows) {
  AlertSet gone;
  for (const AlertRow& row : rows) gone.push_back(row.alert);
  std::ranges::move(AlertSeries(gone), std::back_inserter(series));
  std::ranges::move(rows, std::back_inserter(alerts));
}

void Farewells::Add(Farewell farewell) {
  const absl::MutexLock lock(&mutex_);
  std::ranges::move(farewell.alerts, std::back_inserter(waiting_.alerts));
  std::ranges::move(farewell.series, std::back_inserter(waiting_.series));
}

bool Farewells::empty() const {
  const absl::MutexLock lock(&mutex_);
  return waiting_.empty();
}

Status Farewells::Deliver(Timestamp ts) {
  Farewell now;
  {
    const absl::MutexLock lock(&mutex_);
    std::swap(now, waiting_);
  }
  const std::vector<LabeledSample> markers = StaleMarkers(now.series, {}, ts);
  if (!markers.empty()) seams_.appender.AppendBatch(markers, Origin::kLocal, ts);
  Status status = Tell(now.alerts, ts);
  if (!status.ok()) Add({std::move(now.alerts), {}});
  return status;
}

Status Farewells::Tell(const std::vector<AlertRow>& rows, Timestamp ts) const {
  Batch batch;
  std::vector<Alert> told;
  std::vector<AlertRow> ended;
  for (const AlertRow& row : rows) {
    batch.Delete(Family::kRules, AlertRowKey(row.rule_id, row.alert->labels));
    if (row.alert->state == AlertState::kPending) continue;
    if (row.alert->state == AlertState::kInactive) {
      ended.push_back(row);
      continue;
    }
    auto resolved = std::make_shared<ActiveAlert>(*row.alert);
    resolved->state = AlertState::kInactive;
    resolved->resolved_at = ts;
    AlertRow last = row;
    last.alert = std::move(resolved);
    told.push_back(ToldAlert(last, ts));
    ended.push_back(std::move(last));
  }
  if (batch.empty()) return absl::OkStatus();
  if (told.empty()) {
    TRY(seams_.store.Commit(batch, Durability::kBuffered));
  } else {
    TRY(seams_.sink.OnAlerts(told, std::move(batch), ts * kNanosPerMilli));
  }
  TellRelay(ended, ts);
  return absl::OkStatus();
}

// The relay hears of a rule's alerts together: what is not among them counts as forgotten.
void Farewells::TellRelay(const std::vector<AlertRow>& rows, Timestamp ts) const {
  if (seams_.relay == nullptr) return;
  for (auto from = rows.begin(); from != rows.end();) {
    AlertSet alerts;
    auto to = from;
    for (; to != rows.end() && to->rule_id == from->rule_id; ++to) alerts.push_back(to->alert);
    seams_.relay->OnEvaluated(
        {from->rule_id, alerts, from->external_labels, from->generator_url, ts, 0});
    from = to;
  }
}

}  // namespace outrider
