// SPDX-License-Identifier: Apache-2.0
// outrider oncall override …: who steps in for whom.
#include <fmt/format.h>

#include "exporter/cli/access_commands.h"
#include "exporter/cli/client.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Url(const ClientOptions& client, const OverrideOptions& options) {
  return fmt::format("{}/outrider/v1/oncall/schedules/{}/overrides", client.url,
                     UrlEncodePath(options.schedule));
}

StatusOr<std::string> EndOf(const OverrideOptions& options, const std::string& start) {
  if (options.duration.empty() && options.end.empty()) {
    return InvalidArgument("--end or --for is wanted");
  }
  if (!options.end.empty()) return options.end;
  const StatusOr<Nanos> from = ParseRfc3339(start);
  if (!from.ok()) {
    return InvalidArgument("--for goes with a --start that has an offset (RFC 3339), or with none");
  }
  return FormatRfc3339(*from + TRY(ParseDuration(options.duration)) * kNanosPerMilli);
}

StatusOr<std::string> Body(const OverrideOptions& options, Nanos now) {
  const std::string start = options.start.empty()
                                ? FormatRfc3339(now / kNanosPerSecond * kNanosPerSecond)
                                : options.start;
  const std::string end = TRY(EndOf(options, start));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("user").String(options.user).Key("kind").String(options.kind);
  if (!options.replaces.empty()) json.Key("replaces").String(options.replaces);
  json.Key("start").String(start).Key("end").String(end);
  if (!options.reason.empty()) json.Key("reason").String(options.reason);
  json.EndObject();
  return body;
}

void PrintGaps(const JsonValue& answer, const std::string& schedule) {
  const JsonValue* gaps = answer.Find("gaps");
  if (gaps == nullptr) return;
  for (const JsonValue& gap : gaps->items) {
    fmt::print("Nobody is on call in {} from {} to {}.\n", schedule, gap.GetString("start"),
               gap.GetString("end"));
  }
}

}  // namespace

int RunOverrideAdd(const ClientOptions& client, const OverrideOptions& options, Nanos now) {
  const StatusOr<std::string> body = Body(options, now);
  if (!body.ok()) return Fail(body.status());
  std::string raw;
  const auto answer = CallApi(Url(client, options), "POST", *body, &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}\n", raw);
    return 0;
  }
  fmt::print("Override {} of {} is in force.\n", answer->GetString("id"), options.schedule);
  PrintGaps(*answer, options.schedule);
  return 0;
}

int RunOverrideRemove(const ClientOptions& client, const OverrideOptions& options) {
  std::string raw;
  const auto answer =
      CallApi(Url(client, options) + "/" + UrlEncodePath(options.id), "DELETE", "", &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}\n", raw);
    return 0;
  }
  fmt::print("Override {} of {} is taken back.\n", options.id, options.schedule);
  PrintGaps(*answer, options.schedule);
  return 0;
}

int RunOverrideList(const ClientOptions& client, const OverrideOptions& options) {
  std::string raw;
  const auto answer = CallApi(Url(client, options), "GET", "", &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}\n", raw);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  if (const JsonValue* overrides = answer->Find("overrides")) {
    for (const JsonValue& item : overrides->items) {
      const JsonValue* config = item.Find("config");
      if (config == nullptr) continue;
      rows.push_back({item.GetString("id"), config->GetString("kind", "replace"),
                      config->GetString("user"), config->GetString("replaces", "-"),
                      config->GetString("start"), config->GetString("end"),
                      config->GetString("reason")});
    }
  }
  if (rows.empty()) {
    fmt::print("No overrides of {} were added by API or command.\n", options.schedule);
    return 0;
  }
  PrintTable({"ID", "KIND", "USER", "REPLACES", "START", "END", "REASON"}, rows);
  return 0;
}

}  // namespace outrider
