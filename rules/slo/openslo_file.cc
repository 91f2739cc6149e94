// SPDX-License-Identifier: Apache-2.0
// OpenSLO v1 documents. Source: specs/incidents_oncall_slo.md §2.5. An SLO with several objectives
// of one indicator gives one objective each, named <slo>-1, <slo>-2, …; objectives that have
// indicators of their own are parts of one composite, weighted sums of events.
#include <algorithm>

#include "fmt/format.h"
#include "rules/slo/openslo_alerts.h"
#include "rules/slo/openslo_indicator.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

CalendarUnit UnitOf(char unit) {
  switch (unit) {
    case 'd':
      return CalendarUnit::kDaily;
    case 'w':
      return CalendarUnit::kWeekly;
    case 'M':
      return CalendarUnit::kMonthly;
    case 'Q':
      return CalendarUnit::kQuarterly;
    default:
      return CalendarUnit::kYearly;
  }
}

StatusOr<CalendarPeriod> ReadCalendar(const YamlNode* node, const YamlNode& window,
                                      const OpenSloDuration& duration, const SloReading& reading) {
  if (node == nullptr) return reading.Error(window, "a window that is not rolling has a calendar");
  YamlReader reader(*node, reading.file, "calendar");
  CalendarPeriod calendar{.unit = UnitOf(duration.unit), .count = static_cast<int>(duration.count)};
  std::string start;
  if (!reader.String("startTime", &start)) reader.Fail("startTime", "a startTime is needed");
  reader.String("timeZone", &calendar.time_zone);
  const StatusOr<WallTime> anchor = ParseAnchor(start);
  if (!anchor.ok()) reader.Fail("startTime", Message(anchor.status()));
  if (const Status zone = CheckTimeZone(calendar.time_zone); !zone.ok()) {
    reader.Fail("timeZone", Message(zone));
  }
  TRY(reader.Finish());
  calendar.anchor = *anchor;
  return calendar;
}

StatusOr<SloPeriod> ReadWindow(const YamlNode* list, const YamlNode& slo,
                               const SloReading& reading) {
  if (list == nullptr || list->items.size() != 1) {
    return reading.Error(list == nullptr ? slo : *list, "timeWindow is a list of exactly one");
  }
  const YamlNode& node = list->items.front();
  YamlReader reader(node, reading.file, "timeWindow");
  std::string text;
  bool rolling = false;
  reader.String("duration", &text);
  reader.Bool("isRolling", &rolling);
  const YamlNode* calendar = reader.Child("calendar");
  const auto duration = ParseOpenSloDuration(text);
  if (!duration) {
    reader.Fail("duration", fmt::format("{} is not a duration such as 30d or 1M", Quote(text)));
  }
  if (rolling && calendar != nullptr && !calendar->IsNull()) {
    reader.Fail("calendar", "a rolling window has no calendar");
  }
  if (rolling && duration && !duration->Fixed()) {
    reader.Fail("duration", "a rolling window has one length: use days, such as 30d or 90d");
  }
  if (duration && (duration->unit == 'm' || (duration->unit == 'h' && !rolling))) {
    reader.Fail("duration",
                fmt::format("{} is too short for a budget; a month is 1M", Quote(text)));
  }
  TRY(reader.Finish());
  const DurationMs length = duration->Fixed().value_or(0);
  if (rolling && length <= 400 * kDay) return SloPeriod{.length = length, .calendar = {}};
  if (rolling) return reading.Error(node, "a window is 400 days at most");
  CalendarPeriod period = TRY(ReadCalendar(calendar, node, *duration, reading));
  if (NominalLength(period) > 400 * kDay) {
    return reading.Error(node, "a window is 400 days at most");
  }
  return SloPeriod{.length = NominalLength(period), .calendar = period};
}

struct Objective {
  const YamlNode* node = nullptr;
  double target = 0;
  double weight = 1;
  std::optional<SloOp> op = {};
  std::optional<double> value = {};
  double slice_target = 0;
  DurationMs slice = 0;
  bool own_indicator = false;
};

Status ReadTarget(YamlReader& reader, const YamlNode& node, const SloReading& reading,
                  Objective* out) {
  double target = 0;
  double percent = 0;
  const bool share = reader.Double("target", &target);
  const bool in_percent = reader.Double("targetPercent", &percent);
  if (share == in_percent) {
    reader.Fail(share ? "target" : "objectives", "either target or targetPercent is needed");
  }
  TRY(reader.Finish());
  const YamlNode& place = *node.Find(share ? "target" : "targetPercent");
  out->target = share ? target : percent / 100;
  return CheckObjective(reading, place, share ? target * 100 : percent);
}

StatusOr<Objective> ReadOneObjective(const YamlNode& node, const SloReading& reading) {
  Objective out{.node = &node};
  YamlReader reader(node, reading.file, "objective");
  std::string op;
  std::string slice;
  double value = 0;
  reader.Child("displayName");
  if (reader.String("op", &op)) {
    out.op = FindOpenSloOp(op);
    if (!out.op) reader.Fail("op", fmt::format("op {} is not one of lte, gte, lt, gt", Quote(op)));
  }
  if (reader.Double("value", &value)) out.value = value;
  reader.Double("timeSliceTarget", &out.slice_target);
  if (reader.String("timeSliceWindow", &slice)) {
    const StatusOr<int64_t> minutes = ParseInt(slice);  // or a bare number of minutes
    const auto duration = ParseOpenSloDuration(slice);
    if (minutes.ok() && *minutes > 0 && *minutes < 1'000'000) out.slice = *minutes * kMinute;
    if (duration) out.slice = duration->Fixed().value_or(0);
    if (out.slice < kMinute) {
      reader.Fail("timeSliceWindow", fmt::format("{} is not a duration such as 5m", Quote(slice)));
    }
  }
  if (reader.Double("compositeWeight", &out.weight) && !(out.weight > 0)) {
    reader.Fail("compositeWeight", "must be above 0");
  }
  const YamlNode* indicator = reader.Child("indicator");
  const YamlNode* ref = reader.Child("indicatorRef");
  out.own_indicator = indicator != nullptr || ref != nullptr;
  TRY(ReadTarget(reader, node, reading, &out));
  return out;
}

Status ReadMethod(const YamlNode& node, const SloReading& reading, SloSpec* spec) {
  if (node.scalar == "Occurrences") {
    spec->method = SloMethod::kEvents;
  } else if (node.scalar == "Timeslices") {
    spec->method = SloMethod::kTimeslices;
  } else if (node.scalar == "RatioTimeslices") {
    spec->method = SloMethod::kRatioTimeslices;
  } else {
    return reading.Error(node, fmt::format("budgetingMethod {} is not one of Occurrences, "
                                           "Timeslices, RatioTimeslices",
                                           Quote(node.scalar)));
  }
  return absl::OkStatus();
}

// What the objective says of slices, as far as the method has them.
Status UseSlices(const Objective& objective, const SloReading& reading, SloSpec* spec) {
  if (spec->method == SloMethod::kEvents) return absl::OkStatus();
  if (objective.slice == 0) {
    return reading.Error(*objective.node, "this budgetingMethod needs a timeSliceWindow");
  }
  spec->slice = objective.slice;
  if (spec->method == SloMethod::kRatioTimeslices) return absl::OkStatus();
  const bool is_share = objective.slice_target > 0 && objective.slice_target <= 1;
  if (!is_share) {
    return reading.Error(*objective.node, "Timeslices need a timeSliceTarget above 0 and up to 1");
  }
  spec->slice_target = objective.slice_target;
  return absl::OkStatus();
}

// The slices of a composite are those of all its parts together.
Status CheckSameSlices(const Objective& first, const Objective& other, SloMethod method,
                       const SloReading& reading) {
  const bool targets = method != SloMethod::kTimeslices || first.slice_target == other.slice_target;
  if (method == SloMethod::kEvents || (first.slice == other.slice && targets)) {
    return absl::OkStatus();
  }
  return reading.Error(*other.node,
                       "timeSliceWindow and timeSliceTarget must be the same in all objectives of "
                       "a composite");
}

Status UseIndicator(const OpenSloIndicator& indicator, const Objective& objective,
                    SloReading* reading, SloSpec* spec) {
  SloPart part = indicator.part;
  part.weight = objective.own_indicator ? objective.weight : 1;
  if (indicator.threshold) {
    if (!objective.op || !objective.value) {
      return reading->Error(*objective.node,
                            "an objective of a thresholdMetric needs op and value");
    }
    part.op = *objective.op;
    part.threshold = *objective.value;
  } else if (objective.op || objective.value) {
    reading->Warn(*objective.node, "op and value have no effect: the indicator is a ratioMetric");
  }
  spec->parts.push_back(std::move(part));
  return absl::OkStatus();
}

Status AddComposite(const std::vector<Objective>& objectives, const OpenSloObjects& objects,
                    SloSpec spec, SloReading* reading) {
  double weights = 0;
  for (const Objective& objective : objectives) {
    if (!objective.own_indicator) {
      return reading->Error(*objective.node,
                            "every objective of a composite has an indicator of its own");
    }
    const OpenSloIndicator indicator =
        TRY(ReadOpenSloIndicator(*objective.node, objects, *reading, &spec));
    TRY(UseSlices(objective, *reading, &spec));
    TRY(CheckSameSlices(objectives.front(), objective, spec.method, *reading));
    TRY(UseIndicator(indicator, objective, reading, &spec));
    spec.objective += objective.target * objective.weight;
    weights += objective.weight;
  }
  spec.objective /= weights;
  reading->specs.push_back(std::move(spec));
  return absl::OkStatus();
}

Status AddSingles(const std::vector<Objective>& objectives, const YamlNode& slo,
                  const OpenSloObjects& objects, const SloSpec& common, SloReading* reading) {
  for (size_t i = 0; i < objectives.size(); ++i) {
    SloSpec spec = common;
    if (objectives.size() > 1) spec.name += fmt::format("-{}", i + 1);
    spec.slo = spec.name;
    const OpenSloIndicator indicator = TRY(ReadOpenSloIndicator(slo, objects, *reading, &spec));
    TRY(UseSlices(objectives[i], *reading, &spec));
    TRY(UseIndicator(indicator, objectives[i], reading, &spec));
    spec.objective = objectives[i].target;
    reading->specs.push_back(std::move(spec));
  }
  return absl::OkStatus();
}

Status ReadSlo(const OpenSloObject& object, const YamlNode& document, const OpenSloObjects& objects,
               SloReading* reading) {
  const YamlNode& node = *object.spec;
  SloSpec spec = reading->Begin(document, SloOrigin::kOpenSlo);
  spec.name = object.name;
  spec.slo = object.name;
  YamlReader reader(node, reading->file, "SLO");
  reader.String("description", &spec.description);
  reader.String("service", &spec.service);
  const YamlNode* indicator = reader.Child("indicator");
  const YamlNode* ref = reader.Child("indicatorRef");
  const YamlNode* window = reader.Child("timeWindow");
  const YamlNode* method = reader.Child("budgetingMethod");
  const YamlNode* objectives = reader.Child("objectives");
  const YamlNode* policies = reader.Child("alertPolicies");
  if (method == nullptr) reader.Fail("budgetingMethod", "a budgetingMethod is needed");
  if (objectives == nullptr || objectives->items.empty()) {
    reader.Fail("objectives", "objectives must be a list of at least one");
  }
  TRY(reader.Finish());
  TRY(ReadMethod(*method, *reading, &spec));
  spec.period = TRY(ReadWindow(window, node, *reading));
  std::vector<Objective> all;
  all.reserve(objectives->items.size());
  for (const YamlNode& item : objectives->items) {
    all.push_back(TRY(ReadOneObjective(item, *reading)));
  }
  if (policies != nullptr) TRY(ReadOpenSloAlerts(*policies, objects, reading, &spec));
  if (std::ranges::any_of(all, &Objective::own_indicator)) {
    if (indicator != nullptr || ref != nullptr) {
      return reading->Error(node, "an indicator stands either at the SLO or at its objectives");
    }
    return AddComposite(all, objects, std::move(spec), reading);
  }
  return AddSingles(all, node, objects, spec, reading);
}

}  // namespace

Status ReadOpenSlo(const std::vector<const YamlNode*>& documents, SloReading* reading) {
  OpenSloObjects objects;
  for (const YamlNode* document : documents) TRY(objects.Add(*document, *reading));
  for (size_t i = 0; i < objects.slos().size(); ++i) {
    TRY(ReadSlo(objects.slos()[i], *objects.slo_nodes()[i], objects, reading));
  }
  return absl::OkStatus();
}

}  // namespace outrider
