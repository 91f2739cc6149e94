// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/farewell.h"

#include <algorithm>
#include <iterator>

#include "rules/alerting/told_alert.h"

namespace outrider {
namespace {

AlertPtr ResolvedAt(const ActiveAlert& firing, Timestamp ts) {
  auto resolved = std::make_shared<ActiveAlert>(firing);
  resolved->state = AlertState::kInactive;
  resolved->resolved_at = ts;
  return resolved;
}

// Those who were told of the one know the other by the same labels.
bool KnowsSame(const AlertRow& before, const AlertRow& after) {
  return ToldLabels(before.alert->labels, before.external_labels) ==
         ToldLabels(after.alert->labels, after.external_labels);
}

}  // namespace

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

void Farewell::KeepSeries(const SeriesList& written) {
  std::erase_if(series, [&](const Labels& one) {
    return std::ranges::binary_search(written, one.packed(), {}, &Labels::packed);
  });
}

void Farewells::Add(Farewell farewell) {
  const absl::MutexLock lock(&mutex_);
  std::ranges::move(farewell.alerts, std::back_inserter(waiting_.alerts));
  std::ranges::move(farewell.moved, std::back_inserter(waiting_.moved));
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
  now.series.clear();
  Status status = Tell(now, ts);
  if (!status.ok()) Add(std::move(now));
  return status;
}

Status Farewells::Tell(const Farewell& now, Timestamp ts) const {
  Batch batch;
  std::vector<Alert> told;
  std::vector<AlertRow> ended;
  const auto end = [&](const AlertRow& row) {
    ended.push_back(row);
    if (row.alert->state != AlertState::kFiring) return;
    ended.back().alert = ResolvedAt(*row.alert, ts);
    told.push_back(ToldAlert(ended.back(), ts));
  };
  for (const AlertRow& row : now.alerts) {
    batch.Delete(Family::kRules, AlertRowKey(row.rule_id, row.alert->labels));
    if (row.alert->state != AlertState::kPending) end(row);
  }
  for (const auto& [before, after] : now.moved) {
    batch.Delete(Family::kRules, AlertRowKey(before.rule_id, before.alert->labels));
    batch.Put(Family::kRules, AlertRowKey(after.rule_id, after.alert->labels),
              EncodeAlertRow(after));
    if (!KnowsSame(before, after)) end(before);
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
