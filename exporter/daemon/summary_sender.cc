// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/summary_sender.h"

#include <fmt/format.h>

#include "rules/pricing/price.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/state/row_codec.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

constexpr DurationMs kLatest = kDay;

}  // namespace

std::optional<double> RealisedPerMonth(std::span<const RealisedSavings> savings,
                                       const SummaryTarget& target) {
  std::optional<double> realised;
  for (const RealisedSavings& one : savings) {
    if (!IsOfTarget(target, one.key.namespace_name)) continue;
    realised = realised.value_or(0) + one.dollars_per_hour * kHoursPerMonth;
  }
  return realised;
}

StatusOr<Timestamp> SummarySender::LastTold() {
  if (!told_) {
    const std::optional<Row> row = TRY(store_.Get(Family::kMeta, kSummaryKey));
    told_ = row && row->value.size() == 8 ? static_cast<Timestamp>(ReadBigEndian64(row->value)) : 0;
  }
  return *told_;
}

DeskReport SummarySender::MakeReport(const SummaryTarget& target, const std::string& external_url,
                                     Timestamp slot) const {
  AdviceReport report;
  for (Recommendation& row : sources_.recommendations()) {
    if (IsOfTarget(target, row.key.namespace_name)) report.rows.push_back(std::move(row));
  }
  report.spend_per_month = SpendOf(report.rows, sources_.costs());
  SummarySubject subject;
  subject.team = target.team.empty() ? Join(target.namespaces, ", ") : target.team;
  const Currency currency = sources_.currency();
  report.shown_currency = currency.code;
  report.shown_rate = currency.rate.ToDouble();
  subject.realised_per_month = sources_.realised_per_month(target);
  if (subject.realised_per_month) *subject.realised_per_month *= report.shown_rate;
  ShowMoney(&report);
  subject.link = external_url + "/outrider/v1/recommendations?format=html";
  for (const std::string& name : target.namespaces) {
    if (!name.ends_with('*')) subject.link += "&namespace=" + UrlEncodeQuery(name);
  }
  WeeklySummary summary = MakeWeeklySummary(report, subject);
  DeskReport message;
  message.id = fmt::format("weekly summary/{}/{}/{}", slot, target.receiver, subject.team);
  message.receiver = target.receiver;
  message.title = std::move(summary.title);
  message.text = std::move(summary.text);
  message.labels = {{"alertname", "OutriderWeeklySummary"}, {"severity", "info"}};
  if (!subject.team.empty()) message.labels.emplace("team", subject.team);
  return message;
}

Status SummarySender::Tick(const SummaryConfig& config, const std::string& external_url,
                           Timestamp now) {
  if (config.targets.empty()) return absl::OkStatus();
  const Timestamp slot = TRY(LastSlot(config.every, config.time_zone, now));
  const Timestamp told = TRY(LastTold());
  if (slot <= told) return absl::OkStatus();
  std::vector<DeskReport> reports;
  if (told != 0 && now - slot <= kLatest) {
    for (const SummaryTarget& target : config.targets) {
      reports.push_back(MakeReport(target, external_url, slot));
    }
  }
  Batch mark;
  mark.Put(Family::kMeta, std::string(kSummaryKey), BigEndian64(static_cast<uint64_t>(slot)));
  for (const std::string& id :
       TRY(desk_.QueueReports(reports, std::move(mark), now * kNanosPerMilli))) {
    LogWarn("a weekly summary has no receiver", {{"report", id}});
  }
  told_ = slot;
  if (!reports.empty()) {
    LogInfo("weekly summaries queued", {{"messages", fmt::to_string(reports.size())}});
  }
  return absl::OkStatus();
}

}  // namespace outrider
