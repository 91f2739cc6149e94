// SPDX-License-Identifier: Apache-2.0
// Entries `kind: slo` of Outrider's own analytics files. Source: docs/slo.md.
#include <array>

#include "fmt/format.h"
#include "rules/slo/slo_reading.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kShortestPeriod = kHour;
constexpr DurationMs kLongestPeriod = 400 * kDay;
constexpr std::array<std::pair<std::string_view, CalendarUnit>, 5> kUnits = {
    {{"day", CalendarUnit::kDaily},
     {"week", CalendarUnit::kWeekly},
     {"month", CalendarUnit::kMonthly},
     {"quarter", CalendarUnit::kQuarterly},
     {"year", CalendarUnit::kYearly}}};

void ReadPeriod(YamlReader& reader, SloSpec* spec) {
  std::string text;
  std::string zone;
  const bool zoned = reader.String("time_zone", &zone);
  reader.String("period", &text);
  for (const auto& [name, unit] : kUnits) {
    if (text != name) continue;
    CalendarPeriod calendar{.unit = unit};
    if (unit == CalendarUnit::kWeekly) calendar.anchor.day = 3;  // a Monday
    if (zoned) calendar.time_zone = zone;
    if (const Status known = CheckTimeZone(calendar.time_zone); !known.ok()) {
      reader.Fail("time_zone", Message(known));
    }
    spec->period = {NominalLength(calendar), calendar};
    return;
  }
  if (zoned) {
    reader.Fail("time_zone", "only calendar periods (day, week, month, quarter, year) have one");
  }
  if (text.empty()) return;
  const StatusOr<DurationMs> length = ParseDuration(text);
  if (!length.ok() || *length < kShortestPeriod || *length > kLongestPeriod) {
    reader.Fail("period", fmt::format("period {} is neither a duration from 1h to 400d nor one of "
                                      "day, week, month, quarter, year",
                                      Quote(text)));
    return;
  }
  spec->period.length = *length;
}

void ReadMethod(YamlReader& reader, SloSpec* spec) {
  std::string method = "events";
  reader.String("method", &method);
  if (method == "timeslices") {
    spec->method = SloMethod::kTimeslices;
  } else if (method == "ratio_timeslices") {
    spec->method = SloMethod::kRatioTimeslices;
  } else if (method != "events") {
    reader.Fail("method", fmt::format("method {} is not one of events, timeslices, "
                                      "ratio_timeslices",
                                      Quote(method)));
  }
  const bool sliced = reader.Duration("slice", &spec->slice);
  const bool aimed = reader.Double("slice_target", &spec->slice_target);
  if (sliced && spec->method == SloMethod::kEvents) {
    reader.Fail("slice", "only the methods timeslices and ratio_timeslices have slices");
  }
  if (spec->slice < kMinute || spec->slice > spec->period.length / 2) {
    reader.Fail("slice", "a slice lasts a minute at least and half the period at most");
  }
  if (aimed && spec->method != SloMethod::kTimeslices) {
    reader.Fail("slice_target", "only the method timeslices has one");
  }
  if (!(spec->slice_target > 0 && spec->slice_target <= 1)) {
    reader.Fail("slice_target", "must be a share above 0 and up to 1");
  }
}

Status ReadEvents(YamlReader& reader, const YamlNode& entry, const SloReading& reading,
                  SloSpec* spec) {
  std::string ignored;
  const bool bad = reader.String("bad", &ignored);
  const bool good = reader.String("good", &ignored);
  const bool total = reader.String("total", &ignored);
  const bool ratio = reader.String("error_ratio", &ignored);
  const bool events = bad != good && total && !ratio;
  if (!events && !(ratio && !bad && !good && !total)) {
    return reading.Error(entry,
                         "an objective needs total with either bad or good, or error_ratio alone");
  }
  if (ratio) {
    spec->parts.push_back(reading.RatioPart(*entry.Find("error_ratio"), false, spec));
    return absl::OkStatus();
  }
  SloPart part;
  part.kind = bad ? SloPart::Kind::kBad : SloPart::Kind::kGood;
  part.query = reading.EventsQuery(*entry.Find(bad ? "bad" : "good"), true, spec);
  part.total = reading.EventsQuery(*entry.Find("total"), true, spec);
  spec->parts.push_back(std::move(part));
  return absl::OkStatus();
}

struct AlertSide {
  bool disabled = false;
  SloLabels labels;
  SloLabels annotations;
};

Status ReadSide(const YamlNode* node, const SloReading& reading, AlertSide* side) {
  if (node == nullptr) return absl::OkStatus();
  YamlReader reader(*node, reading.file, "alert of an objective");
  reader.Bool("disabled", &side->disabled);
  reader.StringMap("labels", &side->labels);
  reader.StringMap("annotations", &side->annotations);
  return reader.Finish();
}

// What both alerts of an objective share.
struct Alerting {
  const YamlNode& node;
  SloAlert common;
  bool pyrra = false;
};

Status AddAlert(SloSeverity severity, const AlertSide& side, const Alerting& alerting,
                const SloReading& reading, SloSpec* spec) {
  if (side.disabled) return absl::OkStatus();
  SloAlert alert = alerting.common;
  alert.severity = SloSeverityText(severity);
  alert.labels =
      MergeSloLabels({{"severity", severity == SloSeverity::kPage ? "critical" : "warning"}},
                     MergeSloLabels(alert.labels, side.labels));
  alert.annotations = MergeSloLabels(DefaultAnnotations(*spec, alert.severity),
                                     MergeSloLabels(alert.annotations, side.annotations));
  if (!alerting.pyrra) {
    for (const BurnWindows& one : SlothWindows(spec->period.length)) {
      if (one.severity == severity) alert.any_of.push_back(one);
    }
    spec->alerts.push_back(alert);
    return reading.CheckAlert(alerting.node, alert, spec);
  }
  // Each pair waits for its own time, so it is an alert of its own, told apart by its windows as
  // Pyrra's are.
  const SloLabels own = alert.labels;
  for (const BurnWindows& one : PyrraWindows(spec->period.length)) {
    if (one.severity != severity) continue;
    alert.any_of = {one};
    alert.hold = one.hold;
    alert.labels = MergeSloLabels(own, {{"short", FormatDuration(one.short_window)},
                                        {"long", FormatDuration(one.long_window)}});
    spec->alerts.push_back(alert);
  }
  return reading.CheckAlert(alerting.node, alert, spec);
}

Status ReadAlerting(const YamlNode* node, const SloReading& reading, SloSpec* spec) {
  static const YamlNode kNothing;
  Alerting alerting{.node = node == nullptr ? kNothing : *node, .common = {}};
  YamlReader reader(alerting.node, reading.file, "alerting of an objective");
  SloAlert& common = alerting.common;
  common.name = "SLOBurnRate";
  std::string style = "sloth";
  reader.String("name", &common.name);
  reader.String("style", &style);
  reader.StringMap("labels", &common.labels);
  reader.StringMap("annotations", &common.annotations);
  const YamlNode* page = reader.Child("page");
  const YamlNode* ticket = reader.Child("ticket");
  if (style != "sloth" && style != "pyrra") {
    reader.Fail("style", fmt::format("style {} is not one of sloth, pyrra", Quote(style)));
  }
  if (common.name.empty()) reader.Fail("name", "an alert needs a name");
  TRY(reader.Finish());
  alerting.pyrra = style == "pyrra";
  AlertSide page_side;
  AlertSide ticket_side;
  TRY(ReadSide(page, reading, &page_side));
  TRY(ReadSide(ticket, reading, &ticket_side));
  TRY(AddAlert(SloSeverity::kPage, page_side, alerting, reading, spec));
  return AddAlert(SloSeverity::kTicket, ticket_side, alerting, reading, spec);
}

}  // namespace

Status ReadSloEntry(const YamlNode& entry, SloReading* reading) {
  SloSpec spec = reading->Begin(entry, SloOrigin::kOwn);
  YamlReader reader(entry, reading->file, "objective");
  reader.Child("kind");
  if (!reader.String("name", &spec.name) || spec.name.empty()) {
    reader.Fail("name", "an entry needs a name");
  }
  spec.slo = spec.name;
  reader.String("service", &spec.service);
  reader.String("description", &spec.description);
  double percent = 0;
  const bool has_objective = reader.Double("objective", &percent);
  if (!has_objective) reader.Fail("objective", "an objective needs one: a percentage such as 99.9");
  ReadPeriod(reader, &spec);
  ReadMethod(reader, &spec);
  reader.StringMap("labels", &spec.labels);
  int64_t max_series = static_cast<int64_t>(spec.max_series);
  if (reader.Int("max_series", &max_series) && max_series < 1) {
    reader.Fail("max_series", "must be at least 1");
  }
  spec.max_series = static_cast<size_t>(max_series);
  if (reader.Double("min_events", &spec.min_events) && !(spec.min_events >= 0)) {
    reader.Fail("min_events", "must not be negative");
  }
  const YamlNode* alerting = reader.Child("alerting");
  const Status events = ReadEvents(reader, entry, *reading, &spec);
  TRY(reader.Finish());
  TRY(events);
  TRY(CheckObjective(*reading, *entry.Find("objective"), percent));
  spec.objective = percent / 100;
  if (const YamlNode* labels = entry.Find("labels")) {
    TRY(CheckSloLabels(*reading, *labels, spec.labels));
  }
  TRY(ReadAlerting(alerting, *reading, &spec));
  reading->specs.push_back(std::move(spec));
  return absl::OkStatus();
}

}  // namespace outrider
