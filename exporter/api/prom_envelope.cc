// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/prom_envelope.h"

#include <fmt/format.h>

#include <limits>

#include "rules/promql/parser.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kSendWhole = 64 * 1024;

struct ErrorKind {
  absl::StatusCode code;
  std::string_view type;
  int http;
};
constexpr ErrorKind kErrorKinds[] = {
    {absl::StatusCode::kInvalidArgument, "bad_data", 400},
    {absl::StatusCode::kFailedPrecondition, "execution", 422},
    {absl::StatusCode::kResourceExhausted, "execution", 422},
    {absl::StatusCode::kCancelled, "canceled", 499},
    {absl::StatusCode::kDeadlineExceeded, "timeout", 503},
    {absl::StatusCode::kNotFound, "not_found", 404},
    {absl::StatusCode::kUnavailable, "unavailable", 500},
};
constexpr ErrorKind kInternal = {absl::StatusCode::kInternal, "internal", 500};

void AppendTexts(std::string_view key, const std::vector<std::string>& texts, std::string* out) {
  if (texts.empty()) return;
  *out += fmt::format(",\"{}\":", key);
  JsonWriter json(out);
  json.StartArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

std::string Tail(const std::vector<std::string>& warnings, const std::vector<std::string>& infos) {
  std::string out;
  AppendTexts("warnings", warnings, &out);
  AppendTexts("infos", infos, &out);
  out += '}';
  return out;
}

constexpr std::string_view kHead = R"({"status":"success","data":)";

}  // namespace

HttpResponse PromSuccess(std::string_view data, const std::vector<std::string>& warnings,
                         const std::vector<std::string>& infos) {
  std::string body(kHead);
  body += data;
  body += Tail(warnings, infos);
  return HttpResponse::Json(200, std::move(body));
}

HttpResponse PromStream(std::function<bool(std::string*)> next,
                        const std::vector<std::string>& warnings,
                        const std::vector<std::string>& infos) {
  std::string body(kHead);
  bool more = true;
  while (more && body.size() < kSendWhole) more = next(&body);
  if (!more) {
    body += Tail(warnings, infos);
    return HttpResponse::Json(200, std::move(body));
  }
  HttpResponse response = HttpResponse::Json(200, std::move(body));
  response.stream = [next = std::move(next), tail = Tail(warnings, infos)](std::string* piece) {
    if (next(piece)) return true;
    *piece += tail;
    return false;
  };
  return response;
}

HttpResponse PromError(const Status& status) {
  const ErrorKind* kind = &kInternal;
  for (const ErrorKind& known : kErrorKinds) {
    if (known.code == status.code()) kind = &known;
  }
  std::string body;
  JsonWriter(&body)
      .StartObject()
      .Key("status")
      .String("error")
      .Key("errorType")
      .String(kind->type)
      .Key("error")
      .String(Message(status))
      .EndObject();
  return HttpResponse::Json(kind->http, std::move(body));
}

Status InvalidParam(std::string_view name, const std::string& message) {
  return InvalidArgument(fmt::format("invalid parameter {}: {}", Quote(name), message));
}

StatusOr<ParamReader> ParamReader::Read(HttpRequest& request) {
  StatusOr<HttpRequest::ParamList> params = request.Params();
  if (!params.ok()) {
    return InvalidArgument("error parsing form values: " + Message(params.status()));
  }
  ParamReader reader;
  reader.params_ = *std::move(params);
  return reader;
}

const std::string* ParamReader::Find(std::string_view name) const {
  for (const auto& [key, value] : params_) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view ParamReader::Text(std::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? std::string_view() : *value;
}

std::vector<std::string_view> ParamReader::All(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : params_) {
    if (key == name) out.emplace_back(value);
  }
  return out;
}

StatusOr<Timestamp> ParamReader::Time(std::string_view name,
                                      std::optional<Timestamp> fallback) const {
  const std::string_view text = Text(name);
  if (text.empty() && fallback) return *fallback;
  const StatusOr<Timestamp> time = ParseApiTime(text);
  if (time.ok()) return *time;
  return InvalidParam(name, fmt::format("cannot parse {} to a valid timestamp", Quote(text)));
}

StatusOr<DurationMs> ParamReader::Duration(std::string_view name,
                                           std::optional<DurationMs> fallback) const {
  const std::string_view text = Text(name);
  if (text.empty() && fallback) return *fallback;
  const StatusOr<DurationMs> duration = ParseApiDuration(text);
  if (duration.ok()) return *duration;
  return InvalidParam(name, fmt::format("cannot parse {} to a valid duration", Quote(text)));
}

StatusOr<size_t> ParamReader::Limit(std::string_view name) const {
  const std::string_view text = Text(name);
  if (text.empty()) return size_t{0};
  const StatusOr<int64_t> limit = ParseInt(text);
  if (!limit.ok())
    return InvalidParam(name, fmt::format("cannot parse {} to a valid limit", Quote(text)));
  if (*limit < 0) return InvalidParam(name, "limit must be non-negative");
  return static_cast<size_t>(*limit);
}

StatusOr<bool> ParamReader::Bool(std::string_view name, bool fallback) const {
  const std::string text = ToLower(Text(name));
  if (text.empty()) return fallback;
  if (text == "1" || text == "t" || text == "true") return true;
  if (text == "0" || text == "f" || text == "false") return false;
  return InvalidParam(name, fmt::format("cannot parse {} to a valid boolean", Quote(text)));
}

StatusOr<std::vector<std::vector<Matcher>>> ParamReader::Selectors() const {
  std::vector<std::vector<Matcher>> out;
  for (std::string_view text : All("match[]")) {
    StatusOr<std::vector<Matcher>> matchers = promql::ParseSelector(text);
    if (!matchers.ok()) return InvalidParam("match[]", Message(matchers.status()));
    out.push_back(*std::move(matchers));
  }
  return out;
}

HttpHandler PromRoute(PromHandler handler) {
  return [handler = std::move(handler)](HttpRequest& request) {
    StatusOr<HttpResponse> response = handler(request);
    return response.ok() ? *std::move(response) : PromError(response.status());
  };
}

void WriteLabels(const Labels& labels, JsonWriter* json) {
  json->StartObject();
  for (const LabelView label : labels) json->Key(label.name).String(label.value);
  json->EndObject();
}

}  // namespace outrider
