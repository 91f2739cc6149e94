// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/product_common.h"

#include <fmt/format.h>

#include "exporter/api/am_common.h"

namespace outrider {
namespace {

struct ProductCode {
  absl::StatusCode code;
  int http;
};
constexpr ProductCode kCodes[] = {
    {absl::StatusCode::kInvalidArgument, 400},  {absl::StatusCode::kDataLoss, 400},
    {absl::StatusCode::kNotFound, 404},         {absl::StatusCode::kFailedPrecondition, 409},
    {absl::StatusCode::kAborted, 409},          {absl::StatusCode::kAlreadyExists, 409},
    {absl::StatusCode::kPermissionDenied, 403}, {absl::StatusCode::kResourceExhausted, 507},
    {absl::StatusCode::kUnavailable, 503},
};

HttpResponse ErrorBody(int http, std::string_view message) {
  std::string body;
  JsonWriter(&body).StartObject().Key("error").String(message).EndObject();
  return HttpResponse::Json(http, std::move(body));
}

}  // namespace

HttpResponse ProductError(const Status& status) {
  int http = 500;
  for (const ProductCode& known : kCodes) {
    if (known.code == status.code()) http = known.http;
  }
  return ErrorBody(http, Message(status));
}

HttpHandler ProductRoute(ProductHandler handler) {
  return [handler = std::move(handler)](HttpRequest& request) {
    StatusOr<HttpResponse> response = handler(request);
    return response.ok() ? *std::move(response) : ProductError(response.status());
  };
}

HumanAction CallerOf(const HttpRequest& request) {
  const Caller& caller = request.caller;
  return {.incident_id = "",
          .who = caller.name,
          .channel = caller.via.empty() ? "api" : "api:" + caller.via,
          .note = ""};
}

void WriteTime(std::string_view key, Nanos time, JsonWriter* json) {
  json->Key(key);
  if (time == 0) {
    json->Null();
  } else {
    json->String(AmTime(time));
  }
}

std::string LocalText(Nanos time, absl::TimeZone zone) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez (%Z)", absl::FromUnixNanos(time), zone);
}

void WriteSeconds(std::string_view key, int64_t nanos, JsonWriter* json) {
  json->Key(key).Double(static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond));
}

void RegisterProductErrors(Router& router) {
  router.SetErrorPage("/outrider/", [](int status, const HttpRequest& request) {
    return ErrorBody(status, status == 404 ? fmt::format("no such path: {}", request.path)
                                           : fmt::format("{} is not possible on {}", request.method,
                                                         request.path));
  });
}

}  // namespace outrider
