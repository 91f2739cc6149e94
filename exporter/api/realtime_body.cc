// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/realtime_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/analytics/ring_tiers.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Kind = JsonValue::Kind;

}  // namespace

std::optional<DurationMs> FindRealtimeWindow(std::string_view text) {
  const auto found = std::ranges::find_if(
      kTrendWindows, [&](DurationMs window) { return WindowText(window) == text; });
  if (found == kTrendWindows.end()) return std::nullopt;
  return *found;
}

RealtimeBody::RealtimeBody(std::string_view text) {
  root_.kind = Kind::kObject;
  if (Trim(text).empty()) return;
  StatusOr<JsonValue> parsed = ParseJson(text);
  if (!parsed.ok()) {
    Fail("json_invalid", {}, Message(parsed.status()));
  } else if (parsed->kind != Kind::kObject) {
    Fail("model_type", {}, "the body must be a JSON object");
  } else {
    root_ = *std::move(parsed);
  }
}

void RealtimeBody::Fail(std::string type, Location location, std::string message) {
  errors_.push_back({std::move(type), std::move(location), std::move(message)});
}

std::string RealtimeBody::TextIn(const JsonValue& object, const Location& location,
                                 std::string_view key) {
  Location place = location;
  place.emplace_back(key);
  const JsonValue* value = object.Find(key);
  if (value == nullptr) {
    Fail("missing", std::move(place), "the field is required");
  } else if (value->kind != Kind::kString) {
    Fail("string_type", std::move(place), "the field must be a text");
  } else if (value->string.empty()) {
    Fail("string_too_short", std::move(place), "the field must not be empty");
  } else {
    return value->string;
  }
  return "";
}

MonitoredContainer RealtimeBody::ContainerIn(const JsonValue& object, const Location& location) {
  return {TextIn(object, location, "namespace"), TextIn(object, location, "workload_name"),
          TextIn(object, location, "container_name")};
}

MonitoredContainer RealtimeBody::Container() { return ContainerIn(root_, {}); }

DurationMs RealtimeBody::Window() {
  const JsonValue* value = root_.Find("window");
  if (value == nullptr || value->IsNull()) return kRealtimeWindow;
  const auto window =
      value->kind == Kind::kString ? FindRealtimeWindow(value->string) : std::nullopt;
  if (!window) Fail("enum", {"window"}, "the window must be 5m, 15m, 30m, 1h, 6h, 12h or 24h");
  return window.value_or(kRealtimeWindow);
}

std::vector<MonitoredContainer> RealtimeBody::Workloads() {
  std::vector<MonitoredContainer> all;
  const JsonValue* list = root_.Find("workloads");
  if (list == nullptr) {
    Fail("missing", {"workloads"}, "the field is required");
    return all;
  }
  if (list->kind != Kind::kArray) {
    Fail("list_type", {"workloads"}, "the field must be a list");
    return all;
  }
  for (size_t i = 0; i < list->items.size(); ++i) {
    const Location place = {"workloads", fmt::to_string(i)};
    if (list->items[i].kind != Kind::kObject) {
      Fail("model_type", place, "the item must be an object");
    } else {
      all.push_back(ContainerIn(list->items[i], place));
    }
  }
  return all;
}

DurationMs RealtimeBody::CheckInterval() {
  constexpr int64_t kDefault = 60;
  const JsonValue* value = root_.Find("check_interval");
  if (value == nullptr) return kDefault * kSecond;
  constexpr int64_t kLeast = WorkloadMonitor::kShortest / kSecond;
  constexpr int64_t kMost = WorkloadMonitor::kLongest / kSecond;
  if (!value->is_integer) {
    Fail("int_type", {"check_interval"}, "the field must be a whole number of seconds");
  } else if (value->integer < kLeast) {
    Fail("greater_than_equal", {"check_interval"}, fmt::format("at least {}", kLeast));
  } else if (value->integer > kMost) {
    Fail("less_than_equal", {"check_interval"}, fmt::format("at most {}", kMost));
  } else {
    return value->integer * kSecond;
  }
  return kDefault * kSecond;
}

}  // namespace outrider
