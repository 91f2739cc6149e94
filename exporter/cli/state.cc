// SPDX-License-Identifier: Apache-2.0
// outrider state series: what a daemon keeps for whom, and what it takes.
#include <fmt/format.h>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string BytesText(int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string SpanText(const JsonValue& row, std::string_view key) {
  return FormatDuration(row.GetInt(key) * kSecond);
}

void AddUsage(const JsonValue& row, std::vector<std::string>* cells) {
  cells->push_back(fmt::to_string(row.GetInt("series")));
  cells->push_back(fmt::to_string(row.GetInt("samples")));
  cells->push_back(BytesText(row.GetInt("bytes")));
}

const std::vector<JsonValue>& ItemsOf(const JsonValue& answer, std::string_view key) {
  static const std::vector<JsonValue> kNone;
  const JsonValue* items = answer.Find(key);
  return items == nullptr ? kNone : items->items;
}

// "20 of 132 owners", when not all are shown.
void PrintRest(const JsonValue& answer, std::string_view key, size_t shown) {
  const int64_t all = answer.GetInt(fmt::format("{}_total", key));
  if (all > static_cast<int64_t>(shown)) {
    fmt::print("({} of {} {}; --limit shows more)\n", shown, all, key);
  }
}

void PrintOwners(const JsonValue& answer) {
  Rows rows;
  for (const JsonValue& owner : ItemsOf(answer, "owners")) {
    rows.push_back({owner.GetString("kind"), owner.GetString("name"),
                    SpanText(owner, "horizon_seconds"), SpanText(owner, "keep_seconds")});
    AddUsage(owner, &rows.back());
  }
  const size_t owners = rows.size();
  for (const JsonValue& kind : ItemsOf(answer, "kinds")) {
    if (kind.GetString("kind") != "unreferenced") continue;
    rows.push_back({"-", "nobody", "-", SpanText(answer, "unreferenced_retention_seconds")});
    AddUsage(kind, &rows.back());
  }
  PrintTable({"KIND", "KEPT FOR", "LOOKS BACK", "KEPT", "SERIES", "SAMPLES", "BYTES"}, rows);
  PrintRest(answer, "owners", owners);
}

void PrintMetrics(const JsonValue& answer) {
  Rows rows;
  for (const JsonValue& metric : ItemsOf(answer, "metrics")) {
    rows.push_back({metric.GetString("name")});
    AddUsage(metric, &rows.back());
  }
  PrintTable({"METRIC", "SERIES", "SAMPLES", "BYTES"}, rows);
  PrintRest(answer, "metrics", rows.size());
}

void PrintKinds(const JsonValue& answer) {
  Rows rows;
  for (const JsonValue& kind : ItemsOf(answer, "kinds")) {
    rows.push_back({kind.GetString("kind")});
    AddUsage(kind, &rows.back());
  }
  if (const JsonValue* total = answer.Find("total")) {
    rows.push_back({"total"});
    AddUsage(*total, &rows.back());
  }
  PrintTable({"EACH SERIES ONCE", "SERIES", "SAMPLES", "BYTES"}, rows);
}

}  // namespace

int RunStateSeries(const ClientOptions& client, int limit) {
  return ShowAnswer(client,
                    {fmt::format("{}/outrider/v1/state/series?limit={}", client.url, limit)},
                    [&](const JsonValue& answer) {
                      PrintOwners(answer);
                      fmt::print("\n");
                      PrintMetrics(answer);
                      fmt::print("\n");
                      PrintKinds(answer);
                    });
}

}  // namespace outrider
