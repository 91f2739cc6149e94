// SPDX-License-Identifier: Apache-2.0
// Requests to the server that a back-test reads from: its URL, authentication and limits in one
// place, and what its refusals mean.
#pragma once

#include <stop_token>
#include <string>

#include "exporter/trial/fetch_budget.h"
#include "notifiers/channel/http_settings.h"
#include "notifiers/transport/http_client.h"
#include "notifiers/transport/public_url.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct SourceOptions {
  std::string url;    // of the server; paths are added
  HttpSettings http;  // authentication, TLS, headers
  DurationMs timeout = 5 * kMinute;
  size_t max_answer = size_t{1} << 30;  // bytes of one answer
  FetchLimits max_fetch = {};           // of all answers to one Fetch
};

// The text of a Prometheus http_config file; errors name file:line:column.
StatusOr<HttpSettings> ParseHttpConfigFile(std::string_view text, const std::string& path);

// What a server said, as errors and notes show it: shortened, what cannot be printed escaped.
std::string ShownText(std::string_view text);

// One call at a time. `http` and `clock` outlive this. `stop` ends a call, which is Cancelled then.
class SourceHttp {
 public:
  SourceHttp(SourceOptions options, HttpClient& http, const Clock& clock, std::stop_token stop)
      : options_(std::move(options)), http_(http), clock_(clock), stop_(std::move(stop)) {}

  // For errors and notes: without the password.
  std::string shown_url() const { return ShownUrl(options_.url); }
  size_t max_answer() const { return options_.max_answer; }
  const FetchLimits& max_fetch() const { return options_.max_fetch; }
  // Fills URL (`path` behind the server's), authentication and limits. `what` begins the messages
  // of errors. A server that is busy (429, 503) is asked again after a while, some times, and is
  // Unavailable then. Unimplemented: the server does not know the path. PermissionDenied: it knows
  // us not. ResourceExhausted: too much at once; less may do. DeadlineExceeded: not in time.
  StatusOr<HttpClientResponse> Do(HttpClientRequest request, const std::string& path,
                                  const std::string& what);

 private:
  StatusOr<HttpClientResponse> Patiently(const HttpClientRequest& request);

  const SourceOptions options_;
  HttpClient& http_;
  const Clock& clock_;
  const std::stop_token stop_;
};

}  // namespace outrider
