// SPDX-License-Identifier: Apache-2.0
// outrider oncall contact …
#include <fmt/format.h>

#include "exporter/cli/client.h"
#include "exporter/cli/objects.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Url(const ClientOptions& client, const ContactOptions& options) {
  return fmt::format("{}/outrider/v1/users/{}/contacts", client.url, UrlEncodePath(options.user));
}

// `what` is printed for people.
int Post(const ClientOptions& client, const std::string& url, const std::string& body,
         const std::string& what) {
  const auto answer = CallServer(url, "POST", body);
  if (!answer.ok()) return Fail(answer.status());
  fmt::print("{}\n", client.output == "json" ? *answer : what);
  return 0;
}

}  // namespace

int RunContactList(const ClientOptions& client, const ContactOptions& options) {
  return ShowAnswer(client, {Url(client, options)}, [&](const JsonValue& answer) {
    std::vector<std::vector<std::string>> rows;
    const JsonValue* contacts = answer.Find("contacts");
    for (const JsonValue& one : contacts == nullptr ? std::vector<JsonValue>() : contacts->items) {
      const std::string verified = one.GetString("verified_at");
      rows.push_back({one.GetString("method"), verified.empty() ? "-" : verified,
                      one.GetBool("usable") ? "yes" : "no"});
    }
    if (rows.empty()) {
      fmt::print("{} has no contact method.\n", options.user);
      return;
    }
    PrintTable({"METHOD", "VERIFIED AT", "PAGED"}, rows);
  });
}

int RunContactSendCode(const ClientOptions& client, const ContactOptions& options) {
  return Post(
      client,
      fmt::format("{}/{}/verify/start", Url(client, options), UrlEncodePath(options.method)), "",
      fmt::format("A code is on its way to {} of {}.", options.method, options.user));
}

int RunContactVerify(const ClientOptions& client, const ContactOptions& options) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("code").String(options.code).EndObject();
  return Post(
      client,
      fmt::format("{}/{}/verify/confirm", Url(client, options), UrlEncodePath(options.method)),
      body, fmt::format("{} of {} is verified.", options.method, options.user));
}

}  // namespace outrider
