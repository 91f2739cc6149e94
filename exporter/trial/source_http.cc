// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/source_http.h"

#include <fmt/format.h>

#include "notifiers/config/http_config.h"
#include "notifiers/config/schema.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kTextShown = 500;

// {"error": …} as Prometheus' API answers, or the text as it is.
std::string ErrorText(const std::string& body) {
  const auto json = ParseJson(body);
  const std::string text = json.ok() ? json->GetString("error") : "";
  return std::string(RunePrefix(text.empty() ? Trim(body) : std::string_view(text), kTextShown));
}

// VictoriaMetrics answers 400 to a path that it does not know.
bool UnknownPath(const HttpClientResponse& response) {
  return response.status == 404 || response.status == 405 || response.status == 501 ||
         (response.status == 400 && Contains(response.body, "unsupported path"));
}

// What our own side can do about it.
std::string_view HintFor(int status) {
  switch (status) {
    case 401:
      return " (it wants to know who asks: --http.config.file with basic_auth or authorization)";
    case 403:
      return " (this user may not read; --http.config.file says as whom)";
    case 407:
      return " (a proxy wants to know who asks: proxy_url in --http.config.file)";
    default:
      return "";
  }
}

absl::StatusCode CodeFor(const HttpClientResponse& response) {
  if (UnknownPath(response)) return absl::StatusCode::kUnimplemented;
  switch (response.status) {
    case 401:
    case 403:
    case 407:
      return absl::StatusCode::kPermissionDenied;
    // Prometheus' limits on samples and time; those of proxies before it.
    case 422:
    case 413:
    case 429:
    case 503:
    case 504:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

StatusOr<HttpSettings> ParseHttpConfigFile(std::string_view text, const std::string& path) {
  const YamlNode node = TRY(ParseYaml(text, path));
  TRY(CheckSchema(node, kHttpConfigSchema, path, "http_config"));
  TRY(CheckHttpConfigRules(node, path));
  return ReadHttpConfig(node, path);
}

StatusOr<HttpClientResponse> SourceHttp::Do(HttpClientRequest request, const std::string& path,
                                            const std::string& what) {
  std::string base = options_.url;
  while (base.ends_with('/')) base.pop_back();
  request.url = base + path;
  request.timeout = options_.timeout;
  request.max_body = options_.max_answer;
  request.stop = stop_;
  TRY(options_.http.ApplyTo(&request));
  HttpClientResponse response = TRY(http_.Do(request));
  if (response.status / 100 != 2) {
    return Status(CodeFor(response),
                  fmt::format("{}: {} answered {}{}: {}", what, options_.url, response.status,
                              HintFor(response.status), ErrorText(response.body)));
  }
  if (response.body_cut) {
    return absl::ResourceExhaustedError(fmt::format(
        "{}: the answer of {} broke off after {} bytes of at most {}; --block makes pieces smaller",
        what, options_.url, response.body.size(), options_.max_answer));
  }
  return response;
}

}  // namespace outrider
