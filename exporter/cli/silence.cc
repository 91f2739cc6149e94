// SPDX-License-Identifier: Apache-2.0
// outrider silence …: what amtool does, and what it does not know: a look before, recurring
// silences, those that end by themselves.
#include <fmt/format.h>

#include <cstdlib>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "notifiers/config/alertmanager_config.h"
#include "notifiers/mute/recurrence.h"
#include "storage/base/duration.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// As amtool has it: a first word without an operator is an alert's name.
StatusOr<std::vector<Matcher>> ReadMatchers(const std::vector<std::string>& words) {
  std::vector<Matcher> matchers;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool is_name = i == 0 && words[i].find_first_of("=~") == std::string::npos;
    if (is_name) {
      matchers.push_back(Matcher::Equal(std::string(kAlertName), words[i]));
      continue;
    }
    for (Matcher& matcher : TRY(ParseMatchers(words[i]))) matchers.push_back(std::move(matcher));
  }
  if (matchers.empty())
    return InvalidArgument("at least one matcher such as alertname=X is needed");
  return matchers;
}

std::string TextOf(const Matcher& matcher) {
  const std::string braced = MatchersText(std::span(&matcher, 1));
  return braced.substr(1, braced.size() - 2);
}

std::string MatchersCell(const JsonValue& silence) {
  std::string text;
  const JsonValue* matchers = silence.Find("matchers");
  for (const JsonValue& m : matchers == nullptr ? std::vector<JsonValue>() : matchers->items) {
    const bool equal = m.GetBool("isEqual", true);
    const char* type = m.GetBool("isRegex") ? (equal ? "=~" : "!~") : (equal ? "=" : "!=");
    text += fmt::format("{}{}{}{}", text.empty() ? "" : " ", m.GetString("name"), type,
                        Quote(m.GetString("value")));
  }
  return text;
}

StatusOr<Nanos> ReadWhen(const std::string& text, Nanos otherwise) {
  if (text.empty()) return otherwise;
  const Timestamp time = TRY(ParseApiTime(text));
  return time * kNanosPerMilli;
}

StatusOr<std::string> Body(const SilenceOptions& o, Nanos now) {
  const std::vector<Matcher> matchers = TRY(ReadMatchers(o.words));
  const Nanos start = TRY(ReadWhen(o.start, now));
  const DurationMs duration = TRY(ParseDuration(o.duration));
  const Nanos end = TRY(ReadWhen(o.end, start + duration * kNanosPerMilli));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("matchers").StartArray();
  for (const Matcher& matcher : matchers) {
    const MatchType type = matcher.type();
    json.StartObject().Key("name").String(matcher.name()).Key("value").String(matcher.value());
    json.Key("isRegex").Bool(type == MatchType::kRegex || type == MatchType::kNotRegex);
    json.Key("isEqual").Bool(type == MatchType::kEqual || type == MatchType::kRegex).EndObject();
  }
  json.EndArray().Key("startsAt").String(FormatRfc3339(start));
  json.Key("endsAt").String(FormatRfc3339(end));
  const char* user = std::getenv("USER");  // NOLINT(concurrency-mt-unsafe): one thread
  json.Key("createdBy").String(!o.by.empty() ? o.by : user == nullptr ? "outrider" : user);
  json.Key("comment").String(o.comment);
  if (!o.recurrence.empty()) {
    const YamlNode list = TRY(ParseYaml(o.recurrence, "--recurrence"));
    json.Key("recurrence");
    WriteRecurrence(TRY(ParseTimeIntervalSpecs(list, "--recurrence")), &json);
  }
  if (!o.idle.empty()) json.Key("expireWhenIdle").String(o.idle);
  json.EndObject();
  return body;
}

StatusOr<std::string> PreviewUrl(const ClientOptions& client, const SilenceOptions& o) {
  FormFields fields;
  for (const Matcher& matcher : TRY(ReadMatchers(o.words))) {
    fields.emplace_back("filter", TextOf(matcher));
  }
  fields.emplace_back("limit", fmt::to_string(o.limit));
  return client.url + "/outrider/v1/silences/preview?" + EncodeForm(fields);
}

// What another service behind --url may have left out.
const JsonValue& Part(const JsonValue& value, std::string_view key) {
  static const JsonValue kNothing;
  const JsonValue* part = value.Find(key);
  return part == nullptr ? kNothing : *part;
}

void PrintPreview(const JsonValue& preview) {
  fmt::print(
      "would mute {} of {} firing alerts now ({} of them are muted already), {} in the last "
      "day\n",
      preview.GetInt("matching"), preview.GetInt("firing"), preview.GetInt("muted_before"),
      preview.GetInt("last_day"));
  if (const std::string why = preview.GetString("refused"); !why.empty()) {
    fmt::print("would be refused without --force: {}\n", why);
  }
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& alert : Part(preview, "alerts").items) {
    std::string labels;
    for (const auto& [name, value] : Part(alert, "labels").members) {
      labels += fmt::format("{}{}={}", labels.empty() ? "" : " ", name, Quote(value.string));
    }
    rows.push_back({alert.GetString("fingerprint"), alert.GetString("starts_at"), labels});
  }
  if (!rows.empty()) PrintTable({"FINGERPRINT", "SINCE", "LABELS"}, rows);
}

}  // namespace

int RunSilenceList(const ClientOptions& client, const SilenceOptions& options) {
  FormFields fields = {{"expired", options.expired ? "true" : "false"}};
  for (const std::string& word : options.words) fields.emplace_back("filter", word);
  std::string raw;
  const auto answer =
      CallApi(client.url + "/api/v2/silences?" + EncodeForm(fields), "GET", "", &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}", raw);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& silence : answer->items) {
    std::string kind = silence.Find("recurrence") != nullptr ? "recurring" : "";
    if (const std::string idle = silence.GetString("expireWhenIdle"); !idle.empty()) {
      kind = "ends when idle for " + idle;
    }
    rows.push_back({silence.GetString("id"), Part(silence, "status").GetString("state"),
                    silence.GetString("endsAt"), MatchersCell(silence), kind,
                    silence.GetString("createdBy"), silence.GetString("comment")});
  }
  PrintTable({"ID", "STATE", "ENDS", "MATCHERS", "KIND", "BY", "COMMENT"}, rows);
  return 0;
}

int RunSilencePreview(const ClientOptions& client, const SilenceOptions& options) {
  const auto url = PreviewUrl(client, options);
  if (!url.ok()) return Fail(url.status());
  return ShowAnswer(client, {*url}, [&](const JsonValue& answer) { PrintPreview(answer); });
}

int RunSilenceAdd(const ClientOptions& client, const SilenceOptions& options, Nanos now) {
  const auto body = Body(options, now);
  if (!body.ok()) return Fail(body.status());
  const std::string url = client.url + "/api/v2/silences" + (options.force ? "?force=true" : "");
  const auto answer = CallApi(url, "POST", *body);
  if (!answer.ok()) return Fail(answer.status());
  fmt::print("{}\n", answer->GetString("silenceID"));
  return 0;
}

int RunSilenceExpire(const ClientOptions& client, const SilenceOptions& options) {
  int code = 0;
  for (const std::string& id : options.words) {
    const auto answer =
        CallServer(client.url + "/api/v2/silence/" + UrlEncodePath(id), "DELETE", "");
    if (!answer.ok()) code = Fail(answer.status());
  }
  return code;
}

}  // namespace outrider
