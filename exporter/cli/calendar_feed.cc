// SPDX-License-Identifier: Apache-2.0
// outrider oncall feed …
#include <fmt/format.h>

#include "exporter/cli/client.h"
#include "exporter/cli/objects.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Url(const ClientOptions& client, const FeedOptions& options) {
  return fmt::format("{}/outrider/v1/oncall/{}/feeds", client.url, UrlEncodePath(options.schedule));
}

std::string Or(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : text;
}

}  // namespace

int RunFeedCreate(const ClientOptions& client, const FeedOptions& options) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  if (!options.user.empty()) json.Key("user").String(options.user);
  if (!options.expires_in.empty()) json.Key("expires_in").String(options.expires_in);
  json.EndObject();
  return ShowAnswer(client, {Url(client, options), "POST", body}, [&](const JsonValue& answer) {
    fmt::print(stderr, "The calendar of {} ({}), id {}; the URL is not shown again:\n",
               options.schedule, Or(options.user, "everybody"), answer.GetString("id"));
    fmt::print("{}\n", answer.GetString("url"));
  });
}

int RunFeedList(const ClientOptions& client, const FeedOptions& options) {
  return ShowAnswer(client, {Url(client, options)}, [&](const JsonValue& answer) {
    std::vector<std::vector<std::string>> rows;
    const JsonValue* feeds = answer.Find("feeds");
    for (const JsonValue& feed : feeds == nullptr ? std::vector<JsonValue>() : feeds->items) {
      rows.push_back({feed.GetString("id"), Or(feed.GetString("user"), "everybody"),
                      feed.GetString("prefix") + "…", Or(feed.GetString("created_by"), "-"),
                      feed.GetString("created_at"), Or(feed.GetString("expires_at"), "never"),
                      Or(feed.GetString("last_used_at"), "never")});
    }
    if (rows.empty()) {
      fmt::print("No calendar feeds of {}.\n", options.schedule);
      return;
    }
    PrintTable({"ID", "OF", "TOKEN", "BY", "MADE", "EXPIRES", "LAST USED"}, rows);
  });
}

int RunFeedRevoke(const ClientOptions& client, const FeedOptions& options) {
  const auto answer =
      CallServer(Url(client, options) + "/" + UrlEncodePath(options.id), "DELETE", "");
  if (!answer.ok()) return Fail(answer.status());
  fmt::print("Feed {} of {} is revoked.\n", options.id, options.schedule);
  return 0;
}

}  // namespace outrider
