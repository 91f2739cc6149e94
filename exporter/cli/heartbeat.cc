// SPDX-License-Identifier: Apache-2.0
// outrider heartbeat …
#include <fmt/format.h>

#include "exporter/cli/around_commands.h"
#include "exporter/cli/client.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Url(const ClientOptions& client) { return client.url + "/outrider/v1/heartbeats"; }

std::string DurationCell(const JsonValue& heartbeat, const char* key) {
  return FormatDuration(static_cast<DurationMs>(heartbeat.GetNumber(key) * 1000));
}

std::string TimeCell(const JsonValue& heartbeat, const char* key) {
  const std::string time = heartbeat.GetString(key);
  return time.empty() ? "-" : time;
}

}  // namespace

int RunHeartbeatList(const ClientOptions& client) {
  return ShowAnswer(client, {Url(client)}, [&](const JsonValue& answer) {
    const JsonValue* heartbeats = answer.Find("heartbeats");
    if (heartbeats == nullptr || heartbeats->items.empty()) {
      fmt::print("No heartbeats: incidents.yml has none.\n");
      return;
    }
    std::vector<std::vector<std::string>> rows;
    for (const JsonValue& beat : heartbeats->items) {
      rows.push_back({beat.GetString("name"), beat.GetString("state"),
                      TimeCell(beat, "last_beat_at"), TimeCell(beat, "due_at"),
                      TimeCell(beat, "missing_since"), DurationCell(beat, "interval_seconds"),
                      DurationCell(beat, "grace_seconds"), TimeCell(beat, "failing_since"),
                      beat.GetString("error")});
    }
    PrintTable({"HEARTBEAT", "STATE", "LAST", "DUE", "MISSING SINCE", "EVERY", "GRACE",
                "FAILING SINCE", "ERROR"},
               rows);
  });
}

int RunHeartbeatBeat(const ClientOptions& client, const AroundCommands& options) {
  std::string url = Url(client) + "/" + UrlEncodePath(options.heartbeat);
  if (options.failed || !options.error.empty()) {
    url += "?success=false&error=" + UrlEncodeQuery(options.error);
  }
  return ShowAnswer(client, {url, "POST"}, [&](const JsonValue& answer) {
    const std::string state = answer.GetString("state");
    fmt::print("{}: {}, due again by {}\n", options.heartbeat,
               state == "failing" ? "failing" : "heard", answer.GetString("due_at"));
  });
}

}  // namespace outrider
