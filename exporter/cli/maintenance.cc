// SPDX-License-Identifier: Apache-2.0
// outrider maintenance …
#include <fmt/format.h>

#include "exporter/cli/around_commands.h"
#include "exporter/cli/client.h"
#include "storage/base/duration.h"
#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Url(const ClientOptions& client) { return client.url + "/outrider/v1/maintenance"; }

std::string TimeCell(const JsonValue& window, const char* key) {
  const std::string time = window.GetString(key);
  return time.empty() ? "-" : time;
}

// The end of a window that is given by its length.
StatusOr<std::string> EndOf(const MaintenanceOptions& o, Nanos now) {
  if (o.duration.empty() || !o.cron.empty()) return o.end;
  const std::optional<absl::TimeZone> zone = FindZone(o.time_zone.empty() ? "UTC" : o.time_zone);
  if (!zone) return InvalidArgument(fmt::format("unknown time zone {}", Quote(o.time_zone)));
  const Nanos start = o.start.empty() ? now : TRY(ParseLocalInstant(o.start, *zone));
  const DurationMs duration = TRY(ParseDuration(o.duration));
  return FormatRfc3339(start + duration * kNanosPerMilli);
}

StatusOr<std::string> Body(const MaintenanceOptions& o, Nanos now) {
  const std::string end = TRY(EndOf(o, now));
  // A window that begins now begins with the request; the server's clock counts.
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("name").String(o.name).Key("match").StartArray();
  for (const std::string& matcher : o.match) json.String(matcher);
  json.EndArray();
  const std::pair<const char*, const std::string*> kTexts[] = {
      {"start", &o.start}, {"end", &end}, {"time_zone", &o.time_zone}, {"note", &o.note}};
  for (const auto& [key, text] : kTexts) {
    if (!text->empty()) json.Key(key).String(*text);
  }
  if (!o.cron.empty()) {
    json.Key("every").StartObject().Key("cron").String(o.cron);
    json.Key("duration").String(o.duration).EndObject();
  }
  json.EndObject();
  return body;
}

}  // namespace

int RunMaintenanceList(const ClientOptions& client) {
  return ShowAnswer(client, {Url(client)}, [&](const JsonValue& answer) {
    std::vector<std::vector<std::string>> rows;
    const JsonValue* windows = answer.Find("maintenance");
    for (const JsonValue& w : windows == nullptr ? std::vector<JsonValue>() : windows->items) {
      rows.push_back({w.GetString("name"), w.GetBool("active") ? "active" : "-",
                      TimeCell(w, "next_edge_at"), w.GetBool("recurring") ? "yes" : "no",
                      w.GetString("source"), w.GetString("match"), w.GetString("note")});
    }
    if (rows.empty()) {
      fmt::print("No maintenance windows.\n");
      return;
    }
    PrintTable({"WINDOW", "STATE", "NEXT EDGE", "RECURRING", "FROM", "MATCH", "NOTE"}, rows);
  });
}

int RunMaintenanceAdd(const ClientOptions& client, const MaintenanceOptions& options, Nanos now) {
  const StatusOr<std::string> body = Body(options, now);
  if (!body.ok()) return Fail(body.status());
  return ShowAnswer(client, {Url(client), "POST", *body}, [&](const JsonValue& answer) {
    fmt::print("{}: {}, next edge at {}\n", options.name,
               answer.GetBool("active") ? "active" : "made", TimeCell(answer, "next_edge_at"));
  });
}

int RunMaintenanceEnd(const ClientOptions& client, const MaintenanceOptions& options) {
  const auto answer = CallServer(Url(client) + "/" + UrlEncodePath(options.name), "DELETE", "");
  if (!answer.ok()) return Fail(answer.status());
  fmt::print("{}: ended\n", options.name);
  return 0;
}

}  // namespace outrider
