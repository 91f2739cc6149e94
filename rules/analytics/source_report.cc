// SPDX-License-Identifier: Apache-2.0
// What a source tells of its series: values of the detectors into the table of derived series.
#include <cmath>

#include "fmt/format.h"
#include "rules/analytics/peer_member.h"
#include "rules/analytics/source.h"

namespace outrider {

void Source::NoteDue(Timestamp now) {
  due_.resize(outputs_.size());
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const DurationMs every = outputs_[i].derived.every;
    due_[i] = every == 0 || now / every != reported_ / every;
  }
  reported_ = now;
}

void Source::Report(Timestamp now, Telling telling) {
  if (telling == Telling::kTold) JudgePeers();
  NoteDue(now);
  const std::vector<uint8_t> all(outputs_.size(), 1);
  std::vector<double> values(outputs_.size());
  updates_.clear();
  for (uint32_t slot = 0; slot < series_.size(); ++slot) {
    if (!series_[slot].live) continue;
    const auto detectors = series_.Detectors(slot);
    const std::span<const uint8_t> due = series_[slot].told ? due_ : all;
    size_t at = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      size_t count = 0;
      while (at + count < outputs_.size() && outputs_[at + count].entry == i) ++count;
      detectors[i]->ReportDue(now, due.subspan(at, count), std::span(values).subspan(at, count));
      if (telling == Telling::kTold) detectors[i]->Reported();
      at += count;
    }
    Publish(slot, due, values);
    series_[slot].told |= HasSlowValue(values);
  }
  context_->seams.table.Set(updates_);
}

// Of an output that is told now and then: from now on it need not be told at every run.
bool Source::HasSlowValue(std::span<const double> values) const {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].derived.every > 0 && !std::isnan(values[i])) return true;
  }
  return false;
}

void Source::JudgePeers() {
  for (const size_t entry : peers_) {
    std::vector<PeerMember*> members;
    for (uint32_t slot = 0; slot < series_.size(); ++slot) {
      if (series_[slot].live) members.push_back(series_.Detectors(slot)[entry]->AsPeer());
    }
    JudgeByPeers(members);
  }
}

void Source::Publish(uint32_t slot, std::span<const uint8_t> due, std::span<const double> values) {
  DerivedTable& table = context_->seams.table;
  const auto handles = series_.Handles(slot);
  std::optional<Labels> labels;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (due[i] == 0) continue;
    DerivedTable::Handle& handle = handles[i];
    if (std::isnan(values[i])) {
      if (handle == DerivedTable::kNone) continue;
      table.Remove(std::span(&handle, 1));
      handle = DerivedTable::kNone;
      continue;
    }
    if (handle != DerivedTable::kNone) {
      updates_.push_back({handle, values[i]});
      continue;
    }
    if (!labels) labels = LabelsOf(slot);
    if (labels->empty() && follower_) return;  // the windows have just dropped it
    const DerivedOutput& output = outputs_[i].derived;
    const Labels named =
        DerivedLabels(*labels, entries_[outputs_[i].entry], output.window, output.horizon);
    const auto pace =
        output.every == 0 ? DerivedTable::Pace::kEveryFlush : DerivedTable::Pace::kWhenSet;
    handle = table.Add(*output.metric, named, values[i], pace);
  }
}

Labels DerivedLabels(const Labels& source, const Entry& entry, const std::string& window,
                     const std::string& horizon) {
  LabelsBuilder builder(source);
  builder.Remove(kMetricName);
  auto put = [&](std::string_view name, std::string_view value) {
    const std::string_view old = source.Get(name);
    if (!old.empty() && old != value) builder.Set(fmt::format("exported_{}", name), old);
    builder.Set(name, value);
  };
  for (const auto& [name, value] : entry.labels) put(name, value);
  if (!source.MetricName().empty()) put("metric", source.MetricName());
  put("entry", entry.name);
  if (!window.empty()) put("window", window);
  if (!horizon.empty()) put("horizon", horizon);
  return builder.Build();
}

}  // namespace outrider
