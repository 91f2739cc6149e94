// SPDX-License-Identifier: Apache-2.0
// Bodies and queries of the incident API over a desk with one open incident: the first byte chooses
// the door. Whatever comes, the answer is JSON, and what it did can be read back.
#include <cstdlib>
#include <memory>

#include "exporter/api/incidents.h"
#include "exporter/api/product_common.h"
#include "storage/base/log.h"
#include "storage/state/memory_store.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr const char* kVerbs[] = {"acknowledge", "resolve", "notes",  "assign",
                                  "severity",    "snooze",  "wake",   "merge",
                                  "unmerge",     "confirm", "reopen", "unacknowledge"};

std::unique_ptr<Desk> MakeDesk(StateStore& store, Random& random, Nanos now) {
  SetUpLog(LogLevel::kError, LogFormat::kLogfmt);
  DeskConfig config;
  config.alertmanager = DefaultAlertmanagerConfig();
  config.incidents = DefaultIncidentsConfig();
  config.receivers = std::make_shared<const Receivers>(std::vector<Receiver>{});
  return Desk::Load(store, random, std::move(config), now).value();
}

void CheckAnswer(const HttpResponse& response) {
  if (response.status >= 500 || !ParseJson(WholeBody(response)).ok()) std::abort();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  FakeClock clock(1'795'253'047 * kNanosPerSecond);
  SeededRandom random(1);
  MemoryStore store;
  const std::unique_ptr<Desk> desk = MakeDesk(store, random, clock.NowNanos());
  Router router;
  RegisterIncidentsApi(router, {*desk, clock});
  NewIncident wanted;
  wanted.title = "one";
  const std::string id = desk->Create(wanted, {}, clock.NowNanos()).value()->id;
  constexpr size_t kDoors = std::size(kVerbs) + 2;
  const size_t door = data[0] % kDoors;
  FakeRequest request =
      door == 0 ? FakeRequest("GET", "/outrider/v1/incidents?" + body)
      : door == 1
          ? FakeRequest::JsonPost("/outrider/v1/incidents", body)
          : FakeRequest::JsonPost("/outrider/v1/incidents/" + id + "/" + kVerbs[door - 2], body);
  CheckAnswer(router.Dispatch(request));
  FakeRequest list("GET", "/outrider/v1/incidents");
  CheckAnswer(router.Dispatch(list));
  // What was written can be loaded again.
  MakeDesk(store, random, clock.NowNanos());
  if (!desk->VerifyAudit().ok()) std::abort();
  return 0;
}
