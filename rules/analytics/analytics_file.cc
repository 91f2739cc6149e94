// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/analytics_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "rules/analytics/builtin.h"
#include "rules/analytics/detection_options.h"
#include "rules/analytics/detector.h"
#include "rules/analytics/forecast.h"
#include "rules/analytics/plain_selector.h"
#include "rules/analytics/trend.h"
#include "rules/analytics/window_plan.h"
#include "storage/base/duration.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

constexpr std::array<std::pair<std::string_view, EntryKind>, 4> kKinds = {{
    {"trend", EntryKind::kTrend},
    {"anomaly", EntryKind::kAnomaly},
    {"forecast", EntryKind::kForecast},
    {"slo", EntryKind::kSlo},
}};
constexpr std::array<std::string_view, 5> kReservedLabels = {"__name__", "metric", "entry",
                                                             "window", "horizon"};

template <typename Table>
auto FindByName(const Table& table, std::string_view name)
    -> std::optional<decltype(table[0].second)> {
  for (const auto& [text, value] : table) {
    if (text == name) return value;
  }
  return std::nullopt;
}

template <typename Table>
std::string NamesOf(const Table& table) {
  std::vector<std::string> names;
  names.reserve(std::size(table));
  for (const auto& row : table) names.emplace_back(row.first);
  return Join(names, ", ");
}

void ReadLabels(YamlReader& reader, Entry* entry) {
  if (!reader.StringMap("labels", &entry->labels)) return;
  for (const auto& [name, value] : entry->labels) {
    if (!IsLegacyLabelName(name)) {
      reader.Fail("labels", fmt::format("{} is not a label name", Quote(name)));
    } else if (std::ranges::find(kReservedLabels, name) != kReservedLabels.end()) {
      reader.Fail("labels", fmt::format("label {} is set by Outrider itself", Quote(name)));
    }
  }
}

void ReadNumbers(YamlReader& reader, Entry* entry) {
  double threshold = 0;
  if (entry->kind == EntryKind::kForecast && reader.Double("threshold", &threshold)) {
    entry->threshold = threshold;
    if (!std::isfinite(threshold)) reader.Fail("threshold", "must be a finite number");
  }
  if (entry->kind == EntryKind::kTrend && reader.Child("threshold") != nullptr) {
    reader.Fail("threshold", "is for anomaly and forecast entries, not for trend entries");
  }
  int64_t max_series = static_cast<int64_t>(entry->max_series);
  if (reader.Int("max_series", &max_series) && max_series < 1) {
    reader.Fail("max_series", "must be at least 1");
  }
  entry->max_series = static_cast<size_t>(max_series);
}

void ReadKind(YamlReader& reader, Entry* entry) {
  std::string text;
  reader.String("kind", &text);
  const auto kind = FindByName(kKinds, text);
  if (!kind) {
    reader.Fail("kind", text.empty() ? "an entry needs a kind"
                                     : fmt::format("kind {} is not one of {}", Quote(text),
                                                   NamesOf(kKinds)));
  } else {
    entry->kind = *kind;
  }
}

void Compile(const YamlNode* node, const std::string& file, const promql::ParseOptions& promql,
             Entry* entry) {
  StatusOr<promql::Expression> parsed = promql::Expression::Parse(entry->expr, promql);
  if (!parsed.ok()) {
    entry->error = Message(YamlError(file, *node, Message(parsed.status())));
  } else if (parsed->type() != promql::ValueType::kVector &&
             parsed->type() != promql::ValueType::kScalar) {
    entry->error = Message(
        YamlError(file, *node,
                  fmt::format("expression gives a {}, an instant vector or a scalar is needed",
                              promql::ValueTypeText(parsed->type()))));
  } else {
    entry->compiled = *std::move(parsed);
  }
}

Status CheckInterval(const YamlNode& node, const std::string& file, const Entry& entry) {
  const YamlNode* interval = node.Find("interval");
  if (interval == nullptr || !entry.compiled || !IsPlainSelector(entry.compiled->ToString())) {
    return absl::OkStatus();
  }
  return YamlError(file, *interval,
                   "interval is for expressions: a plain selector gives every sample as it comes");
}

void AppendText(const YamlNode& node, std::string* out) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      *out += "null";
      break;
    case YamlNode::Kind::kScalar:
      *out += Quote(node.scalar);
      break;
    case YamlNode::Kind::kSequence:
      *out += '[';
      for (const YamlNode& item : node.items) {
        AppendText(item, out);
        *out += ',';
      }
      *out += ']';
      break;
    case YamlNode::Kind::kMap: {
      std::map<std::string_view, const YamlNode*> sorted;
      for (const YamlNode::Entry& entry : node.entries) {
        sorted[entry.first.scalar] = &entry.second;
      }
      *out += '{';
      for (const auto& [key, value] : sorted) {
        *out += Quote(key) + ':';
        AppendText(*value, out);
        *out += ',';
      }
      *out += '}';
    }
  }
}

// What the entry says beside what it is called, what it watches and how its series are labelled.
std::string Definition(const YamlNode& node) {
  constexpr std::array<std::string_view, 6> kElsewhere = {"name",   "kind",       "expr",
                                                          "labels", "max_series", "interval"};
  YamlNode rest;
  rest.kind = YamlNode::Kind::kMap;
  for (const YamlNode::Entry& entry : node.entries) {
    if (std::ranges::find(kElsewhere, entry.first.scalar) == kElsewhere.end()) {
      rest.entries.push_back(entry);
    }
  }
  std::string text;
  AppendText(rest, &text);
  return text;
}

StatusOr<Entry> ParseEntry(const YamlNode& node, const std::string& file,
                           const promql::ParseOptions& promql) {
  YamlReader reader(node, file, "analytics entry");
  Entry entry;
  if (!reader.String("name", &entry.name) || entry.name.empty()) {
    reader.Fail("name", "an entry needs a name");
  }
  ReadKind(reader, &entry);
  entry.windows = entry.kind == EntryKind::kTrend
                      ? std::vector<DurationMs>(kTrendWindows.begin(), kTrendWindows.end())
                      : std::vector<DurationMs>{kHour};
  if (!reader.String("expr", &entry.expr) || entry.expr.empty()) {
    reader.Fail("expr", "an entry needs an expression");
  }
  ReadWindows(reader, &entry.windows);
  if (entry.kind == EntryKind::kTrend) ReadTrendOptions(reader, &entry.trend);
  if (entry.kind == EntryKind::kForecast) ReadForecastOptions(reader, &entry.forecast);
  ReadDetection(reader, &entry);
  ReadNumbers(reader, &entry);
  ReadLabels(reader, &entry);
  if (reader.Duration("interval", &entry.interval) && entry.interval <= 0) {
    reader.Fail("interval", "must be above 0");
  }
  TRY(reader.Finish());
  if (entry.kind == EntryKind::kTrend) entry.trend_plan = MakeTrendPlan(entry);
  if (entry.kind == EntryKind::kForecast) entry.forecast_plan = MakeForecastPlan(entry);
  Compile(node.Find("expr"), file, promql, &entry);
  TRY(CheckInterval(node, file, entry));
  entry.definition = Definition(node);
  // Before `detector` chose the model such an entry had the state of a line.
  if (entry.kind == EntryKind::kForecast && node.Find("detector") != nullptr) {
    entry.definition += " model";
  }
  return entry;
}

Status ReadBuiltins(const YamlNode& node, const std::string& file,
                    std::map<std::string, bool>* out) {
  YamlReader reader(node, file, "builtin_entries");
  for (const std::string& name : BuiltinEntryNames()) {
    bool wanted = true;
    if (reader.Bool(name, &wanted)) (*out)[name] = wanted;
  }
  return reader.Finish();
}

// Objectives are read by rules/slo.
bool IsObjective(const YamlNode& entry) {
  const YamlNode* kind = entry.Find("kind");
  return kind != nullptr && kind->scalar == EntryKindText(EntryKind::kSlo);
}

using EntryKey = std::pair<std::string, EntryKind>;

}  // namespace

std::string_view EntryKindText(EntryKind kind) {
  for (const auto& [text, value] : kKinds) {
    if (value == kind) return text;
  }
  return "";
}

StatusOr<AnalyticsFile> ParseAnalyticsFile(std::string_view text, const std::string& file,
                                           const promql::ParseOptions& promql) {
  const YamlNode root = TRY(ParseYaml(text, file));
  YamlReader reader(root, file, "analytics file");
  AnalyticsFile result;
  const YamlNode* builtins = reader.Child("builtin_entries");
  const YamlNode* entries = reader.Child("entries");
  TRY(reader.Finish());
  if (builtins != nullptr) TRY(ReadBuiltins(*builtins, file, &result.builtin_entries));
  if (entries == nullptr || entries->IsNull()) return result;
  if (!entries->IsSequence()) return YamlError(file, *entries, "entries must be a list");
  std::set<EntryKey> seen;
  for (const YamlNode& node : entries->items) {
    if (IsObjective(node)) {
      ++result.objectives;
      continue;
    }
    Entry entry = TRY(ParseEntry(node, file, promql));
    if (!seen.insert({entry.name, entry.kind}).second) {
      return YamlError(
          file, node,
          fmt::format("a second {} entry named {}", EntryKindText(entry.kind), Quote(entry.name)));
    }
    result.entries.push_back(std::move(entry));
  }
  return result;
}

StatusOr<std::vector<Entry>> CombineEntries(const std::vector<AnalyticsFile>& files) {
  std::set<std::string> unwanted;
  std::set<EntryKey> seen;
  std::vector<Entry> own;
  for (const AnalyticsFile& file : files) {
    for (const auto& [name, wanted] : file.builtin_entries) {
      if (!wanted) unwanted.insert(name);
    }
    for (const Entry& entry : file.entries) {
      if (!seen.insert({entry.name, entry.kind}).second) {
        return InvalidArgument(fmt::format("two analytics files have a {} entry named {}",
                                           EntryKindText(entry.kind), Quote(entry.name)));
      }
      unwanted.insert(entry.name);
      own.push_back(entry);
    }
  }
  std::vector<Entry> all;
  for (Entry& entry : BuiltinEntries()) {
    if (!unwanted.contains(entry.name)) all.push_back(std::move(entry));
  }
  std::ranges::move(own, std::back_inserter(all));
  return all;
}

}  // namespace outrider
