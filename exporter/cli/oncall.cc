// SPDX-License-Identifier: Apache-2.0
// outrider oncall …: who is on call now, next, and over a period.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// The zone of this machine's clock, as far as it has a name: TZ, or what /etc/localtime leads to.
std::string ZoneOfThisMachine() {
  const char* named = std::getenv("TZ");  // NOLINT(concurrency-mt-unsafe): no threads
  std::string name = named == nullptr ? "" : named;
  if (name.starts_with(':')) name.erase(0, 1);
  std::error_code error;
  if (name.empty()) name = std::filesystem::read_symlink("/etc/localtime", error).string();
  constexpr std::string_view kTop = "/zoneinfo/";
  const size_t top = name.find(kTop);
  if (top != std::string::npos) name.erase(0, top + kTop.size());
  return FindZone(name) ? name : "";
}

// The reader's, where nobody asked for another.
OnCallOptions WithZone(OnCallOptions options) {
  if (options.time_zone.empty()) options.time_zone = ZoneOfThisMachine();
  return options;
}

std::string Url(const ClientOptions& client, const OnCallOptions& options, bool one) {
  FormFields fields;
  if (!options.time_zone.empty()) fields.emplace_back("time_zone", options.time_zone);
  if (one && !options.from.empty()) fields.emplace_back("from", options.from);
  if (one && !options.to.empty()) fields.emplace_back("to", options.to);
  std::string url = client.url + "/outrider/v1/oncall";
  if (one) url += "/" + UrlEncodePath(options.schedule);
  if (!fields.empty()) url += "?" + EncodeForm(fields);
  return url;
}

std::string Users(const JsonValue* on_call) {
  std::string text;
  const JsonValue* users = on_call == nullptr ? nullptr : on_call->Find("users");
  if (users != nullptr) {
    for (const JsonValue& user : users->items) {
      text += fmt::format("{}{}", text.empty() ? "" : ", ", user.string);
    }
  }
  return text.empty() ? "nobody" : text;
}

// As the schedule's clock shows it.
std::string Time(const JsonValue& object, const std::string& key) {
  return object.GetString(key + "_local");
}
// As the reader's clock does, if a zone was asked for.
std::string ReadersTime(const JsonValue& object, const std::string& key) {
  return object.GetString(key + "_reader");
}

void PrintGaps(const JsonValue& answer, const std::string& readers_zone) {
  const JsonValue* gaps = answer.Find("gaps");
  if (gaps == nullptr) return;
  for (const JsonValue& gap : gaps->items) {
    fmt::print("Nobody is on call in {} from {} to {}", answer.GetString("name"),
               Time(gap, "start"), Time(gap, "end"));
    if (!readers_zone.empty()) {
      fmt::print(" ({} to {} in {})", ReadersTime(gap, "start"), ReadersTime(gap, "end"),
                 readers_zone);
    }
    fmt::print(".\n");
  }
}

// Times of a schedule, beside them the reader's: of one moment, or of two.
void AddTimes(const JsonValue& object, const std::vector<std::string>& keys,
              const std::string& readers_zone, std::vector<std::string>* row) {
  for (const std::string& key : keys) row->push_back(Time(object, key));
  if (readers_zone.empty()) return;
  for (const std::string& key : keys) row->push_back(ReadersTime(object, key));
}
void AddHeads(const std::vector<std::string>& heads, const std::string& readers_zone,
              std::vector<std::string>* all) {
  all->insert(all->end(), heads.begin(), heads.end());
  if (readers_zone.empty()) return;
  for (const std::string& head : heads) all->push_back(fmt::format("{} in {}", head, readers_zone));
}

// Who is on call and has no contact method that pages would go to.
void PrintUnreachable(const ClientOptions& client, const JsonValue& schedule) {
  const JsonValue* now = schedule.Find("now");
  const JsonValue* users = now == nullptr ? nullptr : now->Find("users");
  if (users == nullptr) return;
  for (const JsonValue& user : users->items) {
    const auto answer = CallApi(
        fmt::format("{}/outrider/v1/users/{}/contacts", client.url, UrlEncodePath(user.string)),
        "GET", "");
    if (!answer.ok()) continue;
    const JsonValue* contacts = answer->Find("contacts");
    const bool reachable =
        contacts != nullptr && std::ranges::any_of(contacts->items, [](const JsonValue& contact) {
          return contact.GetBool("usable");
        });
    if (reachable) continue;
    fmt::print("{}, who is on call in {}, has no contact method that pages go to.\n", user.string,
               schedule.GetString("name"));
  }
}

}  // namespace

int RunOnCallNow(const ClientOptions& client, const OnCallOptions& options) {
  OnCallOptions shown = WithZone(options);
  return ShowAnswer(client, {Url(client, shown, false)}, [&](const JsonValue& answer) {
    const JsonValue* schedules = answer.Find("schedules");
    if (schedules == nullptr || schedules->items.empty()) {
      fmt::print("No schedules: incidents.yml has none.\n");
      return;
    }
    const bool same = std::ranges::all_of(schedules->items, [&](const JsonValue& schedule) {
      return schedule.GetString("time_zone") == shown.time_zone;
    });
    if (same) shown.time_zone = options.time_zone;
    std::vector<std::vector<std::string>> rows;
    for (const JsonValue& schedule : schedules->items) {
      const JsonValue* next = schedule.Find("next");
      const bool more = next != nullptr && next->Find("users") != nullptr;
      std::vector<std::string>& row = rows.emplace_back(
          std::vector<std::string>{schedule.GetString("name"), schedule.GetString("time_zone"),
                                   Users(schedule.Find("now")), more ? Users(next) : "-"});
      if (more) AddTimes(*next, {"start"}, shown.time_zone, &row);
      while (row.size() < (shown.time_zone.empty() ? 5U : 6U)) row.emplace_back("-");
    }
    std::vector<std::string> heads = {"SCHEDULE", "ZONE", "NOW", "NEXT"};
    AddHeads({"FROM"}, shown.time_zone, &heads);
    PrintTable(heads, rows);
    for (const JsonValue& schedule : schedules->items) PrintUnreachable(client, schedule);
    for (const JsonValue& schedule : schedules->items) PrintGaps(schedule, shown.time_zone);
  });
}

int RunOnCallShow(const ClientOptions& client, const OnCallOptions& options) {
  OnCallOptions shown = WithZone(options);
  return ShowAnswer(client, {Url(client, shown, true)}, [&](const JsonValue& answer) {
    if (answer.GetString("time_zone") == shown.time_zone) shown.time_zone = options.time_zone;
    std::vector<std::vector<std::string>> rows;
    if (const JsonValue* shifts = answer.Find("shifts")) {
      for (const JsonValue& shift : shifts->items) {
        std::vector<std::string>& row = rows.emplace_back();
        AddTimes(shift, {"start", "end"}, shown.time_zone, &row);
        row.insert(row.end(), {Users(&shift), shift.GetString("source"), shift.GetString("layer")});
      }
    }
    std::vector<std::string> heads;
    AddHeads({"FROM", "TO"}, shown.time_zone, &heads);
    heads.insert(heads.end(), {"ON CALL", "BY", "LAYER"});
    PrintTable(heads, rows);
    fmt::print("Times are those of {}.\n", answer.GetString("time_zone"));
    if (const JsonValue* fairness = answer.Find("fairness")) {
      const auto percent = [&](const char* key) {
        const JsonValue* value = fairness->Find(key);
        return value == nullptr ? 0 : value->number * 100;
      };
      fmt::print("Covered {:.1f} %, balance {:.1f} %.\n", percent("coverage"), percent("balance"));
    }
    PrintGaps(answer, shown.time_zone);
  });
}

}  // namespace outrider
