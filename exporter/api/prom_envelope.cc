// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/prom_envelope.h"

#include <fmt/format.h>

#include <algorithm>

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

constexpr size_t kMostTexts = 10;

void AppendTexts(std::string_view kind, const std::vector<std::string>& texts, std::string* out) {
  if (texts.empty()) return;
  *out += fmt::format(",\"{}s\":", kind);
  JsonWriter json(out);
  json.StartArray();
  const size_t shown = std::min(texts.size(), kMostTexts);
  for (size_t i = 0; i < shown; ++i) json.String(texts[i]);
  if (shown < texts.size())
    json.String(fmt::format("{} more {} annotations omitted", texts.size() - shown, kind));
  json.EndArray();
}

std::string Tail(const std::vector<std::string>& warnings, const std::vector<std::string>& infos) {
  std::string out;
  AppendTexts("warning", warnings, &out);
  AppendTexts("info", infos, &out);
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
