// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/am_common.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "storage/base/duration.h"
#include "storage/base/json_reader.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Of a body that is read as a tree: a byte of it may become a value of 150 bytes.
constexpr size_t kMaxValues = 200'000;

}  // namespace

HttpResponse AmError(int status, std::string_view message) {
  std::string body;
  JsonWriter(&body).String(message);
  body += '\n';
  return HttpResponse::Json(status, std::move(body));
}

HttpResponse AmShapeError(int status, int code, std::string_view message) {
  std::string body;
  JsonWriter(&body).StartObject().Key("code").Int(code).Key("message").String(message).EndObject();
  return HttpResponse::Json(status, std::move(body));
}

HttpResponse AmJson(std::string body) {
  body += '\n';
  HttpResponse response = HttpResponse::Json(200, std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

std::string AmTime(Nanos time) {
  if (time == 0) return "0001-01-01T00:00:00.000Z";
  Nanos seconds = time / kNanosPerSecond;
  Nanos rest = time % kNanosPerSecond;
  if (rest < 0) {
    rest += kNanosPerSecond;
    --seconds;
  }
  // FormatRfc3339 takes 0 for "not set", but here it is the first second of 1970.
  std::string text =
      seconds == 0 ? "1970-01-01T00:00:00Z" : FormatRfc3339(seconds * kNanosPerSecond);
  text.pop_back();
  return text + fmt::format(".{:03}Z", rest / kNanosPerMilli);
}

std::string AmTime(const AlertTime& time) {
  if (time.nanos == 0 || time.offset_seconds == 0) return AmTime(time.nanos);
  std::string text = AmTime(time.nanos + time.offset_seconds * kNanosPerSecond);
  text.pop_back();
  const int minutes = std::abs(time.offset_seconds) / 60;
  return text + fmt::format("{}{:02}:{:02}", time.offset_seconds < 0 ? '-' : '+', minutes / 60,
                            minutes % 60);
}

HttpResponse AmBodyError(std::string_view name, std::string_view problem) {
  return AmShapeError(400, 400,
                      fmt::format("parsing {} body from \"\" failed, because {}", name, problem));
}

StatusOr<std::string> ReadJsonText(HttpRequest& request, size_t limit, HttpResponse* refusal) {
  const std::string header = request.Header("Content-Type");
  const std::string type = ToLower(Trim(Split(header, ';')[0]));
  if (type != "application/json") {
    *refusal =
        AmShapeError(415, 415,
                     fmt::format("unsupported media type {}, only [application/json] are allowed",
                                 Quote(header)));
    return InvalidArgument("media type");
  }
  StatusOr<std::string> body = request.ReadBody(limit);
  if (!body.ok()) {
    *refusal = AmShapeError(absl::IsResourceExhausted(body.status()) ? 413 : 400, 400,
                            Message(body.status()));
  }
  return body;
}

StatusOr<JsonValue> ReadJsonBody(HttpRequest& request, size_t limit, HttpResponse* refusal,
                                 std::string_view name) {
  const StatusOr<std::string> body = ReadJsonText(request, limit, refusal);
  if (!body.ok()) return body.status();
  if (Trim(*body).empty()) {
    *refusal = AmShapeError(422, 602, fmt::format("{} in body is required", name));
    return InvalidArgument("no body");
  }
  StatusOr<JsonValue> json = ParseJsonWithin(*body, kMaxValues);
  if (!json.ok()) *refusal = AmBodyError(name, Message(json.status()));
  return json;
}

StatusOr<AlertTime> ReadTime(const JsonValue& object, std::string_view key) {
  const JsonValue* member = object.Find(key);
  if (member == nullptr || member->IsNull()) return AlertTime();
  StatusOr<AlertTime> time = member->kind == JsonValue::Kind::kString
                                 ? ParseAmTime(member->string)
                                 : StatusOr<AlertTime>(InvalidArgument("not a text"));
  if (time.ok()) return time;
  return InvalidArgument(fmt::format("parsing {} failed, because {}", key, Message(time.status())));
}

StatusOr<std::vector<Matcher>> ReadFilters(const ParamReader& params, std::string_view name,
                                           MatcherMode mode) {
  std::vector<Matcher> all;
  for (std::string_view text : params.All(name)) all.push_back(TRY(ParseMatcher(text, mode)));
  return all;
}

namespace {

const ReceiverConfig* FindReceiver(const AlertmanagerConfig& config, std::string_view name) {
  const auto found = std::ranges::find(config.receivers, name, &ReceiverConfig::name);
  return found == config.receivers.end() ? nullptr : &*found;
}

std::map<std::string, std::string> LabelsOf(const ReceiverConfig* receiver, std::string_view name) {
  std::map<std::string, std::string> labels;
  if (receiver != nullptr) labels = receiver->labels;
  labels["name"] = name;
  return labels;
}

}  // namespace

bool ReceiverFilter::Passes(const AlertmanagerConfig& config, std::string_view receiver) const {
  if (matchers.empty()) return true;
  return MatchesAll(matchers, Labels::FromMap(LabelsOf(FindReceiver(config, receiver), receiver)));
}

StatusOr<ReceiverFilter> ReadReceiverFilter(const ParamReader& params, MatcherMode mode) {
  StatusOr<std::vector<Matcher>> matchers = ReadFilters(params, "receiver_matchers", mode);
  if (!matchers.ok()) {
    return InvalidArgument("failed to parse receiver_matchers param: " +
                           Message(matchers.status()));
  }
  return ReceiverFilter{*std::move(matchers)};
}

void WriteReceiver(const AlertmanagerConfig& config, std::string_view name, JsonWriter* json) {
  json->StartObject().Key("labels");
  WriteStringMap(LabelsOf(FindReceiver(config, name), name), json);
  json->Key("name").String(name).EndObject();
}

bool ReadFlag(const ParamReader& params, std::string_view name, bool fallback) {
  const std::vector<std::string_view> given = params.All(name);
  // Forms send empty fields; of several the last counts.
  if (given.empty() || given.back().empty()) return fallback;
  constexpr std::string_view kTrue[] = {"true", "1",       "t",        "y",  "yes",
                                        "on",   "checked", "selected", "ok", "enabled"};
  return std::ranges::find(kTrue, ToLower(given.back())) != std::end(kTrue);
}

void WriteStringMap(const std::map<std::string, std::string>& map, JsonWriter* json) {
  json->StartObject();
  for (const auto& [key, value] : map) json->Key(key).String(value);
  json->EndObject();
}

}  // namespace outrider
