// SPDX-License-Identifier: Apache-2.0
// Requests to the server that a back-test reads from: its URL, authentication and limits in one
// place, and what its refusals mean.
#pragma once

#include <stop_token>
#include <string>

#include "notifiers/channel/http_settings.h"
#include "notifiers/transport/http_client.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct SourceOptions {
  std::string url;    // of the server; paths are added
  HttpSettings http;  // authentication, TLS, headers
  DurationMs timeout = 5 * kMinute;
  size_t max_answer = size_t{1} << 30;  // bytes of one answer
};

// The text of a Prometheus http_config file; errors name file:line:column.
StatusOr<HttpSettings> ParseHttpConfigFile(std::string_view text, const std::string& path);

// One call at a time. `http` outlives this. `stop` ends a call, which is Cancelled then.
class SourceHttp {
 public:
  SourceHttp(SourceOptions options, HttpClient& http, std::stop_token stop)
      : options_(std::move(options)), http_(http), stop_(std::move(stop)) {}

  const std::string& url() const { return options_.url; }
  size_t max_answer() const { return options_.max_answer; }
  // Fills URL (`path` behind the server's), authentication and limits. `what` begins the messages
  // of errors. Unimplemented: the server does not know the path. PermissionDenied: it knows us not.
  // ResourceExhausted: too much at once; less may do.
  StatusOr<HttpClientResponse> Do(HttpClientRequest request, const std::string& path,
                                  const std::string& what);

 private:
  const SourceOptions options_;
  HttpClient& http_;
  const std::stop_token stop_;
};

}  // namespace outrider
