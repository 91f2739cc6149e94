// SPDX-License-Identifier: Apache-2.0
// Lists of incidents, and what they add up to.
#include <algorithm>

#include "notifiers/desk/desk_impl.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

template <typename T>
bool AnyOrHas(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool IsOrAny(const std::optional<std::string>& wanted, const std::string& value) {
  return !wanted || *wanted == value;
}

// `text` is in lower case.
bool Mentions(const Incident& incident, const std::string& text) {
  if (text.empty()) return true;
  const auto has = [&](std::string_view in) { return ToLower(in).find(text) != std::string::npos; };
  if (has(incident.id) || has(incident.title) || has(incident.summary)) return true;
  return std::any_of(incident.labels.begin(), incident.labels.end(),
                     [&](const LabelView& label) { return has(label.value); });
}

bool Matches(const IncidentFilter& filter, const std::string& text, const Incident& incident) {
  return AnyOrHas(filter.severities, incident.severity) &&
         IsOrAny(filter.assignee, incident.assignee) && IsOrAny(filter.team, incident.team) &&
         IsOrAny(filter.service, incident.service) && incident.received_at >= filter.from &&
         (filter.to == 0 || incident.received_at < filter.to) &&
         (filter.labels.empty() || MatchesAll(filter.labels, incident.labels)) &&
         Mentions(incident, text);
}

// Newest first.
bool IsListedBefore(const Incident& a, const Incident& b) {
  return a.received_at == b.received_at ? a.id < b.id : a.received_at > b.received_at;
}

bool IsAfter(const IncidentFilter& filter, const Incident& incident) {
  if (filter.after_id.empty()) return true;
  if (incident.received_at != filter.after_time) return incident.received_at < filter.after_time;
  return incident.id > filter.after_id;
}

}  // namespace

IncidentPage Desk::Incidents(const IncidentFilter& filter) const {
  const Impl& impl = *impl_;
  const std::string text = ToLower(filter.text);
  std::vector<std::shared_ptr<const Incident>> all;
  {
    absl::ReaderMutexLock lock(&impl.state_mutex);
    all.reserve(impl.state.incidents.size());
    for (const auto& [id, incident] : impl.state.incidents) {
      if (AnyOrHas(filter.states, incident->state)) all.push_back(incident);
    }
  }
  std::erase_if(all, [&](const auto& incident) { return !Matches(filter, text, *incident); });
  IncidentPage page;
  page.total = all.size();
  std::erase_if(all, [&](const auto& incident) { return !IsAfter(filter, *incident); });
  const size_t from = std::min(filter.offset, all.size());
  const size_t to = from + std::min(filter.limit, all.size() - from);
  page.more = to < all.size();
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(to), all.end(),
                    [](const auto& a, const auto& b) { return IsListedBefore(*a, *b); });
  page.incidents.assign(all.begin() + static_cast<std::ptrdiff_t>(from),
                        all.begin() + static_cast<std::ptrdiff_t>(to));
  return page;
}

GroupStatistics Desk::StatisticsOf(const IncidentFilter& filter) const {
  const Impl& impl = *impl_;
  const std::string text = ToLower(filter.text);
  GroupStatistics statistics;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  for (const auto& [id, incident] : impl.state.incidents) {
    // One that a person opened grouped no alerts.
    if (incident->source == IncidentSource::kHand || !Matches(filter, text, *incident)) continue;
    ++statistics.groups;
    if (incident->Open()) ++statistics.active;
    statistics.alerts += incident->count;
    statistics.most_alerts = std::max(statistics.most_alerts, incident->count);
  }
  return statistics;
}

}  // namespace outrider
