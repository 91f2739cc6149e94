// SPDX-License-Identifier: Apache-2.0
// Request bodies of the real-time API, checked field by field: every mistake is told at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/workloads/workload_monitor.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"

namespace outrider {

// 5m 15m 30m 1h 6h 12h 24h; nullopt for anything else.
std::optional<DurationMs> FindRealtimeWindow(std::string_view text);
inline constexpr DurationMs kRealtimeWindow = 15 * kMinute;  // unless given

// What is wrong with one field, e.g. {"missing", {"workloads", "0", "namespace"}, "…"}.
struct FieldError {
  std::string type;
  std::vector<std::string> location;
  std::string message;
};

class RealtimeBody {
 public:
  // `text` that is no JSON object is an error, too; an empty one is {}.
  explicit RealtimeBody(std::string_view text);

  MonitoredContainer Container();  // namespace, workload_name, container_name
  DurationMs Window();
  std::vector<MonitoredContainer> Workloads();
  DurationMs CheckInterval();
  const std::vector<FieldError>& errors() const { return errors_; }

 private:
  using Location = std::vector<std::string>;
  void Fail(std::string type, Location location, std::string message);
  MonitoredContainer ContainerIn(const JsonValue& object, const Location& location);
  std::string TextIn(const JsonValue& object, const Location& location, std::string_view key);

  JsonValue root_;
  std::vector<FieldError> errors_;
};

}  // namespace outrider
