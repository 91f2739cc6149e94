// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_reading.h"

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "rules/rulefile/template_text.h"
#include "storage/base/text.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, 8> kReserved = {"__name__",  "entry",       "service",
                                                       "window",    "sloth_id",    "sloth_service",
                                                       "sloth_slo", "sloth_window"};

void Disable(SloSpec* spec, const Status& error) {
  if (spec->error.empty()) spec->error = Message(error);
}

}  // namespace

void SloReading::Warn(const YamlNode& node, const std::string& message) {
  warnings.push_back(Message(YamlError(file, node, message)));
}

SloSpec SloReading::Begin(const YamlNode& node, SloOrigin origin) const {
  SloSpec spec;
  spec.origin = origin;
  spec.file = file;
  spec.line = node.line;
  spec.column = node.column;
  return spec;
}

std::optional<SloQuery> SloReading::Query(const YamlNode& node, bool raw_counters,
                                          SloSpec* spec) const {
  StatusOr<SloQuery> query = CompileSloQuery(node.scalar, raw_counters, promql);
  if (query.ok()) return *std::move(query);
  Disable(spec,
          Error(node, fmt::format("objective {}: {}", Quote(spec->name), Message(query.status()))));
  return std::nullopt;
}

std::optional<SloQuery> SloReading::EventsQuery(const YamlNode& node, bool raw_counters,
                                                SloSpec* spec) const {
  std::optional<SloQuery> query = Query(node, raw_counters, spec);
  if (query && query->counting == SloCounting::kSampled && !query->no_events.empty()) {
    Disable(spec,
            Error(node, fmt::format("objective {}: {}", Quote(spec->name), query->no_events)));
    return std::nullopt;
  }
  return query;
}

SloPart SloReading::RatioPart(const YamlNode& node, bool good, SloSpec* spec) const {
  SloPart part;
  part.kind = good ? SloPart::Kind::kGoodRatio : SloPart::Kind::kBadRatio;
  const SplitRatio sides = SplitErrorRatio(node.scalar, promql);
  if (sides.split) {
    const StatusOr<SloQuery> upper = CompileSloQuery(sides.upper, false, promql);
    const StatusOr<SloQuery> lower = CompileSloQuery(sides.lower, false, promql);
    if (upper.ok() && lower.ok() && upper->counting == SloCounting::kCounted &&
        lower->counting == SloCounting::kCounted) {
      part.kind = sides.good != good ? SloPart::Kind::kGood : SloPart::Kind::kBad;
      part.query = *upper;
      part.total = *lower;
      return part;
    }
  }
  part.query = Query(node, false, spec);
  return part;
}

Status SloReading::CheckAlert(const YamlNode& node, const SloAlert& alert, SloSpec* spec) const {
  for (const auto& [name, value] : alert.labels) {
    if (!IsLegacyLabelName(name)) return Error(node, "invalid label name: " + name);
  }
  for (const auto* texts : {&alert.labels, &alert.annotations}) {
    for (const auto& [name, text] : *texts) {
      if (!HasActions(text)) continue;
      const Status status = CheckRuleTemplate(alert.name, text);
      if (status.ok()) continue;
      Disable(spec, Error(node, fmt::format("objective {}: {}: {}", Quote(spec->name), name,
                                            Message(status))));
    }
  }
  return absl::OkStatus();
}

Status CheckObjective(const SloReading& reading, const YamlNode& node, double percent) {
  if (percent == 100) {
    return reading.Error(
        node, "an objective of 100 % has no error budget: one bad event would be too many");
  }
  if (percent > 0 && percent < 100) return absl::OkStatus();
  return reading.Error(node, "an objective is a percentage above 0 and below 100");
}

Status CheckSloLabels(const SloReading& reading, const YamlNode& node, const SloLabels& labels) {
  for (const auto& [name, value] : labels) {
    if (!IsLegacyLabelName(name)) {
      return reading.Error(node, fmt::format("{} is not a label name", Quote(name)));
    }
    if (std::ranges::find(kReserved, name) != kReserved.end()) {
      return reading.Error(node, fmt::format("label {} is set by Outrider itself", Quote(name)));
    }
  }
  return absl::OkStatus();
}

SloLabels MergeSloLabels(const SloLabels& base, const SloLabels& more) {
  SloLabels all = more;
  for (const auto& label : base) {
    const bool there =
        std::ranges::any_of(more, [&](const auto& other) { return other.first == label.first; });
    if (!there) all.push_back(label);
  }
  return all;
}

SloLabels DefaultAnnotations(const SloSpec& spec, std::string_view severity) {
  const std::string what =
      spec.service.empty() ? spec.slo : fmt::format("{} of {}", spec.slo, spec.service);
  SloLabels out = {{"summary", fmt::format("{} ({}): the error budget is being spent too fast",
                                           what, std::string(severity))}};
  if (!spec.description.empty()) out.emplace_back("description", spec.description);
  // Texts of the file are not templates here.
  std::erase_if(out, [](const auto& text) { return HasActions(text.second); });
  return out;
}

}  // namespace outrider
