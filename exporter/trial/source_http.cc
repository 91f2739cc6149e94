// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/source_http.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/http_config.h"
#include "notifiers/config/schema.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kTextShown = 500;
// A busy server: 1 s, 2 s, 4 s … where it does not say itself, a minute in all.
constexpr int kMostQuestions = 7;
constexpr DurationMs kFirstWait = kSecond;
constexpr DurationMs kLongestWait = 5 * kMinute;  // whatever it says

// {"error": …} as Prometheus' API answers, or the text as it is.
std::string ErrorText(const std::string& body) {
  const auto json = ParseJson(body);
  const std::string text = json.ok() ? json->GetString("error") : "";
  return ShownText(text.empty() ? Trim(body) : std::string_view(text));
}

// Prometheus' answer to a query that took longer than its --query.timeout is a 503 as well.
bool TookTooLong(const HttpClientResponse& response) {
  const auto json = ParseJson(response.body);
  return response.status == 503 && json.ok() && json->GetString("errorType") == "timeout";
}

bool IsBusy(const HttpClientResponse& response) {
  return response.status == 429 || (response.status == 503 && !TookTooLong(response));
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
    // Prometheus' limit on samples; those of proxies before it.
    case 422:
    case 413:
    case 504:
      return absl::StatusCode::kResourceExhausted;
    case 429:
      return absl::StatusCode::kUnavailable;
    case 503:
      return TookTooLong(response) ? absl::StatusCode::kDeadlineExceeded
                                   : absl::StatusCode::kUnavailable;
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

std::string ShownText(std::string_view text) {
  const std::string quoted = Quote(RunePrefix(text, kTextShown));
  // Without what only the quotes around it need.
  std::string out;
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\' && quoted[i + 1] == '"') continue;
    out += quoted[i];
    if (quoted[i] == '\\') out += quoted[++i];
  }
  return out;
}

StatusOr<HttpClientResponse> SourceHttp::Patiently(const HttpClientRequest& request) {
  DurationMs wait = kFirstWait;
  for (int questions = 1;; ++questions, wait *= 2) {
    HttpClientResponse response = TRY(http_.Do(request));
    if (!IsBusy(response) || questions == kMostQuestions) return response;
    const Nanos now = clock_.NowNanos();
    const DurationMs told = ParseRetryAfter(response.Header("retry-after"), now);
    const DurationMs pause = std::min(told > 0 ? told : wait, kLongestWait);
    if (!clock_.SleepUntil(now + pause * kNanosPerMilli, stop_)) {
      return absl::CancelledError("stopped while the server was busy");
    }
  }
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
  HttpClientResponse response = TRY(Patiently(request));
  if (response.status / 100 != 2) {
    return Status(CodeFor(response),
                  fmt::format("{}: {} answered {}{}: {}", what, shown_url(), response.status,
                              HintFor(response.status), ErrorText(response.body)));
  }
  if (response.body_cut) {
    // One that is not over the limit came too late, or from a server that died of it.
    const bool over = response.body.size() >= options_.max_answer;
    return Status(
        over ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kDeadlineExceeded,
        fmt::format("{}: the answer of {} broke off after {} bytes of at most {}; --block makes "
                    "pieces smaller",
                    what, shown_url(), response.body.size(), options_.max_answer));
  }
  return response;
}

}  // namespace outrider
