// SPDX-License-Identifier: Apache-2.0
// outrider anomaly …: what is unusual now, and why it is thought to be.
#include <fmt/format.h>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string BaseUrl(const ClientOptions& client) { return client.url + "/outrider/v1/anomalies"; }

// A number of the answer; "-" for null.
std::string NumberText(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.Find(key);
  if (value == nullptr || value->kind != JsonValue::Kind::kNumber) return "-";
  return fmt::format("{:.5g}", value->number);
}

std::string LabelsText(const JsonValue& object, std::string_view key) {
  const JsonValue* labels = object.Find(key);
  std::vector<std::string> parts;
  std::string name;
  if (labels != nullptr) {
    for (const JsonValue::Member& label : labels->members) {
      if (label.first == "__name__") {
        name = label.second.string;
      } else {
        parts.push_back(fmt::format("{}={}", label.first, Quote(label.second.string)));
      }
    }
  }
  return fmt::format("{}{{{}}}", name, Join(parts, ", "));
}

std::string AgeText(const JsonValue& object, Nanos now) {
  const auto since = ParseRfc3339(object.GetString("since"));
  if (!since.ok() || *since == 0) return "-";
  return FormatDuration((now - *since) / kNanosPerSecond * kSecond);
}

void PrintLine(std::string_view name, const std::string& value) {
  if (!value.empty() && value != "-") fmt::print("{:<10} {}\n", name, value);
}

void PrintRelated(const JsonValue& anomaly) {
  const JsonValue* related = anomaly.Find("related");
  if (related == nullptr) return;
  fmt::print("\n");
  if (related->items.empty()) {
    fmt::print("No other series of its workload or node moved with it ({} looked at).\n",
               anomaly.GetInt("related_candidates"));
    return;
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(related->items.size());
  for (const JsonValue& row : related->items) {
    const std::string unit = row.GetString("as") == "rate" ? "/s" : "";
    rows.push_back({NumberText(row, "correlation"),
                    fmt::format("{:+.0f}s", row.GetNumber("lag_seconds")), row.GetString("scope"),
                    NumberText(row, "before") + unit, NumberText(row, "after") + unit,
                    LabelsText(row, "labels")});
  }
  PrintTable({"CORRELATION", "LAG", "SHARES", "BEFORE", "SINCE", "MOVED WITH IT"}, rows);
  if (anomaly.GetBool("related_cut")) {
    fmt::print("(only {} neighbours were looked at; there are more)\n",
               anomaly.GetInt("related_candidates"));
  }
}

void PrintAnomaly(const JsonValue& anomaly, const std::string& url, Nanos now) {
  PrintLine("Series", LabelsText(anomaly, "source"));
  PrintLine("Entry", fmt::format("{}: {}", anomaly.GetString("entry"), anomaly.GetString("expr")));
  const std::string detector = anomaly.GetString("detector");
  const std::string because = anomaly.GetString("chosen_because");
  PrintLine("Detector", because.empty() ? detector : fmt::format("{}, {}", detector, because));
  PrintLine("Value",
            fmt::format("{} at {}; expected {}, between {} and {}", NumberText(anomaly, "value"),
                        anomaly.GetString("time"), NumberText(anomaly, "expected"),
                        NumberText(anomaly, "lower"), NumberText(anomaly, "upper")));
  PrintLine("Score", fmt::format("{} (onset {}); 1 is the edge", NumberText(anomaly, "score"),
                                 NumberText(anomaly, "onset_score")));
  if (anomaly.GetBool("anomalous")) {
    PrintLine("Since",
              fmt::format("{} ({} ago)", anomaly.GetString("since"), AgeText(anomaly, now)));
  }
  PrintLine("Chart", url + anomaly.GetString("chart"));
  if (const JsonValue* reasons = anomaly.Find("reasons")) {
    if (!reasons->items.empty()) fmt::print("\n");
    for (const JsonValue& reason : reasons->items) fmt::print("- {}\n", reason.string);
  }
  PrintRelated(anomaly);
}

Status SaveChart(const ClientOptions& client, const std::string& id, const std::string& file) {
  const std::string svg =
      TRY(CallServer(fmt::format("{}/{}/chart.svg", BaseUrl(client), id), "GET", ""));
  return WriteFileAtomically(file, svg);
}

}  // namespace

int RunAnomalyList(const ClientOptions& client, const AnomalyOptions& options, Nanos now) {
  FormFields fields = {{"limit", fmt::to_string(options.limit)},
                       {"min_score", fmt::format("{}", options.min_score)}};
  if (!options.entry.empty()) fields.emplace_back("entry", options.entry);
  return ShowAnswer(
      client, {fmt::format("{}?{}", BaseUrl(client), EncodeForm(fields))},
      [&](const JsonValue& answer) {
        const JsonValue* anomalies = answer.Find("anomalies");
        if (anomalies == nullptr || anomalies->items.empty()) {
          fmt::print("Nothing scores {:g} or more.\n", options.min_score);
          return;
        }
        std::vector<std::vector<std::string>> rows;
        rows.reserve(anomalies->items.size());
        for (const JsonValue& row : anomalies->items) {
          rows.push_back({row.GetString("id"), NumberText(row, "score"), AgeText(row, now),
                          NumberText(row, "value"), NumberText(row, "expected"),
                          row.GetString("detector"), LabelsText(row, "labels")});
        }
        PrintTable({"ID", "SCORE", "SINCE", "VALUE", "EXPECTED", "DETECTOR", "SERIES"}, rows);
      });
}

int RunAnomalyExplain(const ClientOptions& client, const AnomalyOptions& options, Nanos now) {
  std::string url = fmt::format("{}/{}", BaseUrl(client), options.id);
  FormFields fields;
  if (!options.span.empty()) fields.emplace_back("span", options.span);
  if (!options.related) fields.emplace_back("related", "false");
  if (!fields.empty()) url += "?" + EncodeForm(fields);
  std::string raw;
  const auto answer = CallApi(url, "GET", "", &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}\n", raw);
  } else {
    PrintAnomaly(*answer, client.url, now);
  }
  if (options.svg.empty()) return 0;
  const Status saved = SaveChart(client, options.id, options.svg);
  return saved.ok() ? 0 : Fail(saved);
}

}  // namespace outrider
