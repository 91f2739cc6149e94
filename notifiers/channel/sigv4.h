// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4 for a request whose body is known. Source: AWS' description of the
// algorithm and the vectors of its public test suite (tests/notifiers/channel/sigv4_test.cc).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"

namespace outrider {

struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // of a role; else empty
};

struct SigV4Request {
  std::string method;
  std::string url;  // absolute; its path and query are signed as they are
  std::vector<std::pair<std::string, std::string>> headers;  // that are signed, besides our own
  std::string body;
};

// The headers to add: X-Amz-Date, X-Amz-Security-Token if there is one, Authorization. `now`
// becomes the signing time, whole seconds.
std::vector<std::pair<std::string, std::string>> SigV4Headers(const SigV4Request& request,
                                                              const AwsCredentials& credentials,
                                                              std::string_view region,
                                                              std::string_view service, Nanos now);

}  // namespace outrider
