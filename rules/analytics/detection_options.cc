// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/detection_options.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"
#include "rules/analytics/detector.h"
#include "rules/detect/detector_table.h"
#include "storage/base/text.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, 11> kAnomalyOnly = {
    "risk",       "direction", "min_deviation", "min_relative_deviation",
    "data_range", "warm_up",   "half_life",     "rest",
    "seasons",    "time_zone", "peer_labels"};

// What a detector does not look at; the others look at all.
struct Unused {
  std::string_view detector;
  std::array<std::string_view, 8> keys;  // empty ones last
};
constexpr std::array<Unused, 7> kUnused = {{
    {"robust_z", {"half_life", "seasons", "time_zone"}},
    {"peers", {"half_life", "seasons", "time_zone"}},
    {"quantile", {"seasons", "time_zone"}},
    {"mad", {"seasons", "time_zone"}},
    {"zscore", {"seasons", "time_zone"}},
    {"level_shift", {"seasons", "time_zone"}},
    {"novelty", {"threshold", "min_deviation", "min_relative_deviation", "seasons", "time_zone"}},
}};

void RefuseUnused(YamlReader& reader, std::string_view detector) {
  const auto* const row = std::ranges::find(kUnused, detector, &Unused::detector);
  if (row == kUnused.end()) return;
  for (const std::string_view key : row->keys) {
    if (key.empty() || !reader.Has(key)) continue;
    reader.Fail(key, fmt::format("the detector {} does not look at {}", detector, key));
  }
}

void RefuseElsewhere(YamlReader& reader, const Entry& entry) {
  for (const std::string_view key : kAnomalyOnly) {
    if (key == "direction" && entry.kind == EntryKind::kForecast) continue;  // not of these keys
    if (reader.Child(key) == nullptr) continue;
    reader.Fail(key, fmt::format("{} is for anomaly entries, not for {} entries", key,
                                 EntryKindText(entry.kind)));
  }
}

void ReadDetector(YamlReader& reader, Entry* entry) {
  if (entry->kind == EntryKind::kForecast) return;  // it names the model (ReadForecastOptions)
  if (!reader.String("detector", &entry->detector)) return;
  if (FindDetector(entry->kind, entry->detector) != nullptr) return;
  reader.Fail("detector",
              fmt::format("detector {} is unknown; {} entries can use {}", Quote(entry->detector),
                          EntryKindText(entry->kind), Join(DetectorNames(entry->kind), ", ")));
}

void ReadDirection(YamlReader& reader, DetectorOptions* options) {
  std::string direction;
  if (!reader.String("direction", &direction)) return;
  const auto found = FindAnomalyDirection(direction);
  if (!found) {
    reader.Fail("direction",
                fmt::format("direction {} is not one of both, above, below", Quote(direction)));
  }
  options->direction = found.value_or(AnomalyDirection::kBoth);
}

void ReadSizes(YamlReader& reader, DetectorOptions* options) {
  reader.Double("risk", &options->risk);
  double threshold = 0;
  if (reader.Double("threshold", &threshold)) options->threshold = threshold;
  reader.Double("min_deviation", &options->min_deviation);
  reader.Double("min_relative_deviation", &options->min_relative_deviation);
}

// Reads one end as a scalar of its own, so that .inf and null leave it open.
bool ReadEnd(const YamlNode& node, std::optional<double>* end) {
  if (node.IsNull()) return true;
  const StatusOr<double> value =
      node.IsScalar() ? ParseDouble(node.scalar) : StatusOr<double>(InvalidArgument("no number"));
  if (!value.ok() || std::isnan(*value)) return false;
  *end = *value;
  return true;
}

void ReadRange(YamlReader& reader, DetectorOptions* options) {
  const YamlNode* range = reader.Child("data_range");
  if (range == nullptr || range->IsNull()) return;
  const bool fine = range->IsSequence() && range->items.size() == 2 &&
                    ReadEnd(range->items[0], &options->data_min) &&
                    ReadEnd(range->items[1], &options->data_max);
  if (!fine) {
    reader.Fail("data_range",
                "must be a list of two numbers, [lowest, highest]; null leaves an "
                "end open");
  }
}

void ReadTimes(YamlReader& reader, DetectorOptions* options) {
  reader.Duration("warm_up", &options->warm_up);
  reader.Duration("half_life", &options->half_life);
  reader.Duration("rest", &options->rest);
}

void ReadSeasons(YamlReader& reader, DetectorOptions* options) {
  std::vector<std::string> seasons;
  if (reader.StringList("seasons", &seasons)) {
    options->hour_of_day = false;
    options->day_of_week = false;
    for (const std::string& season : seasons) {
      if (season == "hour_of_day") {
        options->hour_of_day = true;
      } else if (season == "day_of_week") {
        options->day_of_week = true;
      } else {
        reader.Fail("seasons",
                    fmt::format("season {} is not one of hour_of_day, day_of_week", Quote(season)));
      }
    }
  }
  reader.String("time_zone", &options->time_zone);
}

void ReadPeers(YamlReader& reader, Entry* entry, bool compares) {
  if (!reader.StringList("peer_labels", &entry->peer_labels)) return;
  if (!compares) reader.Fail("peer_labels", "is for the detector peers only");
  for (const std::string& name : entry->peer_labels) {
    if (!IsLegacyLabelName(name)) {
      reader.Fail("peer_labels", fmt::format("{} is not a label name", Quote(name)));
    }
  }
  std::ranges::sort(entry->peer_labels);
}

// Which key a message is about: it begins with the option's name.
std::string_view KeyOf(const std::string& message) {
  if (message.starts_with("data_m")) return "data_range";
  const auto* const key = std::ranges::find_if(
      kAnomalyOnly, [&](std::string_view name) { return message.starts_with(name); });
  return key == kAnomalyOnly.end() ? std::string_view("threshold") : *key;
}

}  // namespace

void ReadDetection(YamlReader& reader, Entry* entry) {
  ReadDetector(reader, entry);
  if (entry->kind != EntryKind::kAnomaly) {
    RefuseElsewhere(reader, *entry);
    return;
  }
  const DetectorRow* row = FindDetector(entry->kind, entry->detector);
  ReadSizes(reader, &entry->detection);
  ReadDirection(reader, &entry->detection);
  ReadRange(reader, &entry->detection);
  ReadTimes(reader, &entry->detection);
  ReadSeasons(reader, &entry->detection);
  ReadPeers(reader, entry, row != nullptr && row->compares_series);
  RefuseUnused(reader, entry->detector);
  if (reader.Has("windows")) {
    reader.Fail("windows", "is for trend and forecast entries, not for anomaly entries");
  }
  if (reader.Has("risk") && reader.Has("threshold")) {
    reader.Fail("risk", "an entry has risk or threshold, which takes its place, not both");
  }
  const Status status = CheckDetectorOptions(entry->detection);
  if (!status.ok()) reader.Fail(KeyOf(Message(status)), Message(status));
}

}  // namespace outrider
