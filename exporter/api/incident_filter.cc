// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/incident_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kDefaultLimit = 50;
constexpr size_t kMaxLimit = 1000;

StatusOr<std::vector<IncidentState>> ReadStates(const ParamReader& params) {
  std::vector<IncidentState> states;
  for (std::string_view list : params.All("state")) {
    for (std::string_view text : Split(list, ',')) {
      if (text == "open") {
        states.insert(states.end(), {IncidentState::kNew, IncidentState::kAcknowledged,
                                     IncidentState::kInvestigating});
        continue;
      }
      const std::optional<IncidentState> state = ParseIncidentState(text);
      if (!state) {
        return InvalidArgument(fmt::format(
            "state {}: want new, acknowledged, investigating, resolved or open", Quote(text)));
      }
      states.push_back(*state);
    }
  }
  return states;
}

StatusOr<std::vector<Severity>> ReadSeverities(const ParamReader& params) {
  std::vector<Severity> severities;
  for (std::string_view list : params.All("severity")) {
    for (std::string_view text : Split(list, ',')) {
      const std::optional<Severity> severity = ParseSeverity(text);
      if (!severity) {
        return InvalidArgument(
            fmt::format("severity {}: want critical, high, medium, low or info", Quote(text)));
      }
      severities.push_back(*severity);
    }
  }
  return severities;
}

StatusOr<std::vector<Matcher>> ReadLabels(const ParamReader& params) {
  std::vector<Matcher> labels;
  for (std::string_view text : params.All("label")) {
    StatusOr<std::vector<Matcher>> matchers = ParseMatchers(text);
    if (!matchers.ok()) return Annotate(matchers.status(), "label");
    std::ranges::move(*matchers, std::back_inserter(labels));
  }
  return labels;
}

Status ReadCursor(std::string_view text, IncidentFilter* filter) {
  if (text.empty()) return absl::OkStatus();
  const size_t dash = text.find('-');
  const StatusOr<int64_t> time = ParseInt(text.substr(0, dash));
  if (dash == std::string_view::npos || dash + 1 == text.size() || !time.ok()) {
    return InvalidArgument("after: want the `next` of an earlier answer");
  }
  filter->after_time = *time;
  filter->after_id = std::string(text.substr(dash + 1));
  return absl::OkStatus();
}

std::optional<std::string> TextIfThere(const ParamReader& params, std::string_view name) {
  if (!params.Has(name)) return std::nullopt;
  return std::string(params.Text(name));
}

}  // namespace

std::string CursorText(const Incident& incident) {
  return fmt::format("{}-{}", incident.received_at, incident.id);
}

StatusOr<IncidentFilter> ReadIncidentFilter(const ParamReader& params) {
  for (const auto& [name, value] : params.params()) {
    // Errors repeat it.
    if (!IsValidUtf8(value)) return InvalidArgument("a parameter is not UTF-8");
  }
  IncidentFilter filter;
  filter.states = TRY(ReadStates(params));
  filter.severities = TRY(ReadSeverities(params));
  filter.assignee = TextIfThere(params, "assignee");
  filter.team = TextIfThere(params, "team");
  filter.service = TextIfThere(params, "service");
  filter.labels = TRY(ReadLabels(params));
  filter.from = TRY(params.TimeNanos("from", 0));
  filter.to = TRY(params.TimeNanos("to", 0));
  filter.text = std::string(params.Text("q"));
  const size_t asked = TRY(params.Limit("limit"));
  filter.limit = asked == 0 ? kDefaultLimit : std::min(asked, kMaxLimit);
  TRY(ReadCursor(params.Text("after"), &filter));
  return filter;
}

}  // namespace outrider
