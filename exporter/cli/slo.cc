// SPDX-License-Identifier: Apache-2.0
// outrider slo …: objectives and what is left of their budgets.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Percent(const JsonValue* value) {
  if (value == nullptr || value->kind != JsonValue::Kind::kNumber) return "-";
  return fmt::format("{:.7g} %", value->number * 100);  // objectives have many nines
}

std::string Number(const JsonValue* value) {
  if (value == nullptr || value->kind != JsonValue::Kind::kNumber) return "-";
  return fmt::format("{:.4g}", value->number);
}

// Events may be fractions where they are sampled or weighted.
std::string Count(const JsonValue* value) {
  if (value == nullptr || value->kind != JsonValue::Kind::kNumber) return "-";
  return fmt::format("{:.15g}", std::round(value->number * 100) / 100);
}

std::string LabelsText(const JsonValue& series) {
  std::string text;
  if (const JsonValue* labels = series.Find("labels")) {
    for (const auto& [name, value] : labels->members) {
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, Quote(value.string));
    }
  }
  return text.empty() ? "-" : text;
}

const JsonValue* WindowOf(const JsonValue& series, std::string_view name) {
  if (const JsonValue* windows = series.Find("windows")) {
    for (const JsonValue& window : windows->items) {
      if (window.GetString("window") == name) return &window;
    }
  }
  return nullptr;
}

std::string BurnOf(const JsonValue& series, std::string_view window) {
  const JsonValue* found = WindowOf(series, window);
  return found == nullptr ? "-" : Number(found->Find("burn_rate"));
}

// Errors of objectives that have series, whose rows have no place for them.
void PrintErrors(const JsonValue* slos) {
  if (slos == nullptr) return;
  for (const JsonValue& slo : slos->items) {
    const JsonValue* series = slo.Find("series");
    const std::string error = slo.GetString("error");
    if (error.empty() || series == nullptr || series->items.empty()) continue;
    fmt::print("{}: {}\n", slo.GetString("name"), error);
  }
}

void PrintList(const JsonValue& answer) {
  const JsonValue* slos = answer.Find("slos");
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& slo : slos == nullptr ? std::vector<JsonValue>() : slos->items) {
    const std::vector<std::string> head = {
        slo.GetString("name"), Percent(slo.Find("objective_ratio")), slo.GetString("period")};
    const JsonValue* series = slo.Find("series");
    if (series == nullptr || series->items.empty()) {
      const std::string error = slo.GetString("error");
      rows.push_back(head);
      rows.back().insert(rows.back().end(),
                         {"-", "-", "-", "-", "-", error.empty() ? "no events" : error});
      continue;
    }
    for (const JsonValue& one : series->items) {
      rows.push_back(head);
      rows.back().insert(
          rows.back().end(),
          {Percent(one.Find("error_budget_remaining_ratio")), BurnOf(one, "5m"), BurnOf(one, "1h"),
           BurnOf(one, "6h"), Count(one.Find("events")), LabelsText(one)});
    }
  }
  if (rows.empty()) {
    fmt::print("No objectives.\n");
    return;
  }
  PrintTable({"NAME", "OBJECTIVE", "PERIOD", "BUDGET LEFT", "BURN 5m", "BURN 1h", "BURN 6h",
              "EVENTS", "LABELS"},
             rows);
  PrintErrors(slos);
}

// What was left after each bucket, as eight heights; `!` where more than everything was spent.
std::string Sparkline(const JsonValue& series) {
  static constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string text;
  const JsonValue* timeline = series.Find("timeline");
  if (timeline == nullptr) return text;
  for (const JsonValue& bucket : timeline->items) {
    const JsonValue* left = bucket.Find("error_budget_remaining_ratio");
    if (left == nullptr || left->kind != JsonValue::Kind::kNumber) {
      text += "·";
    } else if (left->number < 0) {
      text += "!";
    } else {
      text += kBars[static_cast<size_t>(std::clamp(std::floor(left->number * 8), 0.0, 7.0))];
    }
  }
  return text;
}

void PrintSeries(const JsonValue& series) {
  fmt::print("\nLabels        {}\n", LabelsText(series));
  fmt::print("Budget left   {}\n", Percent(series.Find("error_budget_remaining_ratio")));
  fmt::print("Events        {} bad of {}\n", Count(series.Find("bad_events")),
             Count(series.Find("events")));
  const std::string end = series.GetString("period_end");
  fmt::print("Period        from {}{}\n", series.GetString("period_begin"),
             end.empty() ? ", rolling" : " to " + end);
  if (const std::string line = Sparkline(series); !line.empty()) {
    fmt::print("Timeline      {}  since {}\n", line, series.GetString("first_event_at"));
  }
  std::vector<std::vector<std::string>> rows;
  if (const JsonValue* windows = series.Find("windows")) {
    for (const JsonValue& window : windows->items) {
      rows.push_back({window.GetString("window"), Percent(window.Find("error_ratio")),
                      Number(window.Find("burn_rate")), Count(window.Find("bad_events")),
                      Count(window.Find("events"))});
    }
  }
  PrintTable({"WINDOW", "ERRORS", "BURN RATE", "BAD", "EVENTS"}, rows);
}

void PrintSlo(const JsonValue& slo) {
  fmt::print("Objective     {}  {} over {}{}, by {}\n", slo.GetString("name"),
             Percent(slo.Find("objective_ratio")), slo.GetString("period"),
             slo.GetBool("calendar") ? " of the calendar" : "", slo.GetString("method"));
  const auto line = [](std::string_view name, const std::string& value) {
    if (!value.empty()) fmt::print("{:<13} {}\n", name, value);
  };
  line("Service", slo.GetString("service"));
  line("Description", slo.GetString("description"));
  line("Error", slo.GetString("error"));
  if (!slo.GetBool("counted", true)) {
    line("Counting", "sampled every minute, because an expression is not a sum of counters");
  }
  if (const JsonValue* alerts = slo.Find("alerts")) {
    for (const JsonValue& alert : alerts->items) {
      std::string text = alert.GetString("name") + ", " + alert.GetString("severity") + ":";
      const JsonValue* windows = alert.Find("windows");
      for (const JsonValue& one : windows == nullptr ? std::vector<JsonValue>() : windows->items) {
        text += fmt::format(" {}/{} × {:.4g}", one.GetString("long"), one.GetString("short"),
                            one.GetNumber("factor"));
      }
      line("Alert", text);
    }
  }
  const JsonValue* series = slo.Find("series");
  if (series == nullptr || series->items.empty()) {
    fmt::print("\nNo events yet.\n");
    return;
  }
  for (const JsonValue& one : series->items) PrintSeries(one);
}

}  // namespace

int RunSloList(const ClientOptions& client) {
  return ShowAnswer(client, {client.url + "/outrider/v1/slos"},
                    [&](const JsonValue& answer) { PrintList(answer); });
}

int RunSloShow(const ClientOptions& client, const std::string& name) {
  return ShowAnswer(client, {client.url + "/outrider/v1/slos/" + UrlEncodePath(name)},
                    [&](const JsonValue& answer) { PrintSlo(answer); });
}

}  // namespace outrider
