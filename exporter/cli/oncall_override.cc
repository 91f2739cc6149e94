// SPDX-License-Identifier: Apache-2.0
// outrider oncall override|swap|temporary …: who steps in for whom.
#include <fmt/format.h>

#include <algorithm>

#include "exporter/cli/access_commands.h"
#include "exporter/cli/client.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Url(const ClientOptions& client, const OverrideOptions& options) {
  return fmt::format("{}/outrider/v1/oncall/schedules/{}/{}", client.url,
                     UrlEncodePath(options.schedule), options.changes);
}

bool AreOverrides(const OverrideOptions& options) { return options.changes == "overrides"; }
bool AreSwaps(const OverrideOptions& options) { return options.changes == "swaps"; }

// "Override", for the begin of a sentence.
std::string Word(const OverrideOptions& options) {
  return AreOverrides(options) ? "Override" : AreSwaps(options) ? "Swap" : "Temporary schedule";
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
  json.StartObject().Key("start").String(start).Key("end").String(end);
  if (AreOverrides(options)) {
    json.Key("user").String(options.user).Key("kind").String(options.kind);
    if (!options.replaces.empty()) json.Key("replaces").String(options.replaces);
    if (!options.reason.empty()) json.Key("reason").String(options.reason);
  } else if (AreSwaps(options)) {
    json.Key("from").String(options.replaces).Key("to").String(options.user);
  } else {
    json.Key("shifts").StartArray();
    for (const std::string& user : options.users) {
      json.StartObject().Key("user").String(user);
      json.Key("start").String(start).Key("end").String(end).EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return body;
}

void PrintGaps(const JsonValue& answer, const std::string& schedule) {
  const JsonValue* gaps = answer.Find("gaps");
  if (gaps == nullptr) return;
  for (const JsonValue& gap : gaps->items) {
    fmt::print("Nobody is on call in {} from {} to {}.\n", schedule, gap.GetString("start_local"),
               gap.GetString("end_local"));
  }
}

std::string UsersOf(const JsonValue& temporary) {
  std::vector<std::string> users;
  const JsonValue* shifts = temporary.Find("shifts");
  for (const JsonValue& shift : shifts == nullptr ? std::vector<JsonValue>() : shifts->items) {
    const std::string user = shift.GetString("user");
    if (std::ranges::find(users, user) == users.end()) users.push_back(user);
  }
  return users.empty() ? "nobody" : Join(users, ", ");
}

std::vector<std::string> Row(const OverrideOptions& options, const std::string& id,
                             const JsonValue& config) {
  const std::string start = config.GetString("start");
  const std::string end = config.GetString("end");
  if (AreOverrides(options)) {
    return {id,
            config.GetString("kind", "replace"),
            config.GetString("user"),
            config.GetString("replaces", "-"),
            start,
            end,
            config.GetString("reason")};
  }
  if (AreSwaps(options)) {
    return {id, config.GetString("from"), config.GetString("to"), start, end};
  }
  return {id, UsersOf(config), start, end};
}

}  // namespace

int RunOverrideAdd(const ClientOptions& client, const OverrideOptions& options, Nanos now) {
  const StatusOr<std::string> body = Body(options, now);
  if (!body.ok()) return Fail(body.status());
  return ShowAnswer(client, {Url(client, options), "POST", *body}, [&](const JsonValue& answer) {
    fmt::print("{} {} of {} is in force.\n", Word(options), answer.GetString("id"),
               options.schedule);
    PrintGaps(answer, options.schedule);
  });
}

int RunOverrideRemove(const ClientOptions& client, const OverrideOptions& options) {
  return ShowAnswer(client, {Url(client, options) + "/" + UrlEncodePath(options.id), "DELETE"},
                    [&](const JsonValue& answer) {
                      fmt::print("{} {} of {} is taken back.\n", Word(options), options.id,
                                 options.schedule);
                      PrintGaps(answer, options.schedule);
                    });
}

int RunOverrideList(const ClientOptions& client, const OverrideOptions& options) {
  return ShowAnswer(client, {Url(client, options)}, [&](const JsonValue& answer) {
    std::vector<std::vector<std::string>> rows;
    const JsonValue* changes = answer.Find(options.changes);
    for (const JsonValue& item : changes == nullptr ? std::vector<JsonValue>() : changes->items) {
      const JsonValue* config = item.Find("config");
      if (config != nullptr) rows.push_back(Row(options, item.GetString("id"), *config));
    }
    if (rows.empty()) {
      const std::string what =
          AreOverrides(options) || AreSwaps(options) ? options.changes : "temporary schedules";
      fmt::print("No {} of {} were added by API or command.\n", what, options.schedule);
      return;
    }
    if (AreOverrides(options)) {
      PrintTable({"ID", "KIND", "USER", "REPLACES", "START", "END", "REASON"}, rows);
    } else if (AreSwaps(options)) {
      PrintTable({"ID", "FROM", "TO", "START", "END"}, rows);
    } else {
      PrintTable({"ID", "USERS", "START", "END"}, rows);
    }
  });
}

}  // namespace outrider
