// SPDX-License-Identifier: Apache-2.0
// A test message through every integration of a receiver, and what came back.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/http/server.h"
#include "notifiers/channel/channel.h"
#include "notifiers/outbox/receivers.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/status.h"

namespace outrider {

// What the test's alert says; labels and annotations are put over the usual ones.
struct TestAlert {
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  bool resolved = false;
};
// {"labels": {}, "annotations": {}, "resolved": bool}, all optional; "" is {}.
StatusOr<TestAlert> ReadTestAlert(std::string_view json);

struct TestedIntegration {
  std::string integration;  // "webhook[0]"
  SendResult result;
  DurationMs took = 0;
};

struct TestTools {
  const Clock& clock;
  Random& random;
  std::string external_url;
};
// One attempt each, eight at a time, so that one that hangs holds no other; in the order of the
// receiver. An alert's end goes to integrations without send_resolved, too.
std::vector<TestedIntegration> TestReceiver(const Receiver& receiver, const TestAlert& alert,
                                            const TestTools& tools);
bool AllDelivered(const std::vector<TestedIntegration>& results);
std::string TestResultJson(const std::string& receiver,
                           const std::vector<TestedIntegration>& results);

struct ReceiverTestDeps {
  std::function<std::shared_ptr<const Receivers>()> receivers;
  TestTools tools;
};
// POST /outrider/v1/receivers/:name/test.
void RegisterReceiverTestApi(Router& router, const ReceiverTestDeps& deps);

}  // namespace outrider
