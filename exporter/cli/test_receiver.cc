// SPDX-License-Identifier: Apache-2.0
// outrider test receiver NAME: a test message through a receiver of a running daemon, or of a file
// without one, and what came back.
#include "exporter/api/test_receiver.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "notifiers/channel/templates.h"
#include "notifiers/transport/oauth2.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// The daemon tries one integration after the other, 20 s each.
constexpr DurationMs kPatience = 10 * kMinute;

Status ReadPairs(const std::vector<std::string>& pairs, std::map<std::string, std::string>* out) {
  for (const std::string& pair : pairs) {
    const size_t at = pair.find('=');
    if (at == 0 || at == std::string::npos) {
      return InvalidArgument(fmt::format("{} is not name=value", pair));
    }
    (*out)[pair.substr(0, at)] = pair.substr(at + 1);
  }
  return absl::OkStatus();
}

void WritePairs(const char* key, const std::map<std::string, std::string>& pairs,
                JsonWriter* json) {
  json->Key(key).StartObject();
  for (const auto& [name, value] : pairs) json->Key(name).String(value);
  json->EndObject();
}

StatusOr<std::string> AskServer(const ClientOptions& client, const std::string& name,
                                const TestAlert& alert) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WritePairs("labels", alert.labels, &json);
  WritePairs("annotations", alert.annotations, &json);
  json.Key("resolved").Bool(alert.resolved).EndObject();
  return CallServer(
      fmt::format("{}/outrider/v1/receivers/{}/test", client.url, UrlEncodePath(name)), "POST",
      body, kPatience);
}

StatusOr<std::string> SendFromHere(const TestReceiverOptions& options, TestAlert alert,
                                   const Environment& env) {
  const std::string text = TRY(ReadFile(options.config_file));
  AlertmanagerConfig config = TRY(ParseAlertmanagerConfig(text, options.config_file));
  // Only this one needs to be built.
  std::erase_if(config.receivers,
                [&](const ReceiverConfig& other) { return other.name != options.name; });
  if (config.receivers.empty()) {
    return NotFound(fmt::format("{} has no receiver {}", options.config_file, Quote(options.name)));
  }
  const auto http = MakeOAuth2HttpClient(MakeCurlHttpClient(), env.clock);
  const auto smtp = MakeCurlSmtpClient();
  const std::string directory = std::filesystem::path(options.config_file).parent_path().string();
  const tmpl::TemplateSet templates =
      TRY(LoadNotificationTemplates(config.templates, directory, &env.clock));
  const auto receivers =
      TRY(Receivers::Build(config, ChannelTools{*http, *smtp, templates, env.clock}));
  const Receiver& receiver = *receivers->Find(options.name);
  return TestResultJson(
      options.name, TestReceiver(receiver, alert, {env.clock, env.random, options.external_url}));
}

void Print(const JsonValue& answer) {
  const JsonValue* results = answer.Find("results");
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; results != nullptr && i < results->items.size(); ++i) {
    const JsonValue& one = results->items[i];
    const int64_t status = one.GetInt("status");
    const std::string reason = one.GetString("reason");
    rows.push_back({one.GetString("integration"), one.GetString("outcome"),
                    status == 0 ? "-" : fmt::to_string(status),
                    fmt::format("{:.3f}s", one.GetNumber("took_seconds")),
                    reason.empty() ? one.GetString("answer") : reason});
  }
  if (rows.empty()) {
    fmt::print("receiver {} has no integrations: it tells nobody\n", answer.GetString("receiver"));
    return;
  }
  PrintTable({"INTEGRATION", "OUTCOME", "STATUS", "TOOK", "ANSWER"}, rows);
}

}  // namespace

int RunTestReceiver(const ClientOptions& client, const TestReceiverOptions& options,
                    const Environment& env) {
  TestAlert alert;
  alert.resolved = options.resolved;
  for (const Status& read : {ReadPairs(options.labels, &alert.labels),
                             ReadPairs(options.annotations, &alert.annotations)}) {
    if (!read.ok()) return Fail(read);
  }
  const StatusOr<std::string> raw = options.config_file.empty()
                                        ? AskServer(client, options.name, alert)
                                        : SendFromHere(options, alert, env);
  if (!raw.ok()) return Fail(raw.status());
  const StatusOr<JsonValue> answer = ParseJson(*raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}\n", *raw);
  } else {
    Print(*answer);
  }
  return answer->GetBool("delivered") ? 0 : 1;
}

}  // namespace outrider
