// SPDX-License-Identifier: Apache-2.0
// A relay on virtual time and Alertmanagers that answer at once.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "notifiers/relay/relay.h"
#include "storage/base/json.h"
#include "storage/state/memory_store.h"
#include "tests/support/fake_clock.h"

namespace outrider {

inline constexpr Timestamp kStart = 1'700'000'000'000;

class FakeHttp final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    requests.push_back(request);
    if (!reachable) return absl::UnavailableError("no way");
    return HttpClientResponse{status, "", false, {}};
  }
  std::vector<HttpClientRequest> requests;
  bool reachable = true;
  int status = 200;
};

inline AlertPtr ActiveOf(const char* name, AlertState state, Timestamp fired,
                         Timestamp resolved = 0) {
  auto alert = std::make_shared<ActiveAlert>();
  alert->labels = Labels{{"alertname", name}, {"replica", "1"}};
  alert->annotations = {{"summary", "s"}};
  alert->state = state;
  alert->active_at = fired;
  alert->fired_at = fired;
  alert->resolved_at = resolved;
  return alert;
}

inline RelayConfig OneTarget(const std::string& url = "http://a:9093/api/v2/alerts") {
  RelayConfig config;
  config.targets.push_back({.url = url, .http = {}, .alert_relabel = {}});
  return config;
}

class RelayTest : public ::testing::Test {
 protected:
  void Evaluate(Relay& relay, const AlertSet& alerts, Timestamp ts) {
    relay.OnEvaluated({rule_, alerts, external_, url_, ts, 15 * kSecond});
    relay.SendAll();
  }
  JsonValue Body(size_t request) { return ParseJson(http_.requests.at(request).body).value(); }

  const std::string rule_ = "rule";
  const Labels external_ = {{"cluster", "c"}, {"replica", "never"}};
  const std::string url_ = "http://o/graph";
  MemoryStore store_;
  FakeClock clock_{kStart * kNanosPerMilli};
  FakeHttp http_;
};

}  // namespace outrider
