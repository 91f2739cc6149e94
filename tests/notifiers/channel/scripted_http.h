// SPDX-License-Identifier: Apache-2.0
// An HTTP client for tests that answers as scripted, one answer a request, and remembers what it
// was asked.
#pragma once

#include <deque>
#include <vector>

#include "notifiers/transport/http_client.h"

namespace outrider {

class ScriptedHttpClient final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    requests.push_back(request);
    if (answers.empty()) return HttpClientResponse{200, "{}", false, {}};
    StatusOr<HttpClientResponse> answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  std::deque<StatusOr<HttpClientResponse>> answers;  // afterwards 200 {}
  std::vector<HttpClientRequest> requests;
};

}  // namespace outrider
