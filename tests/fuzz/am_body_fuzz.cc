// SPDX-License-Identifier: Apache-2.0
// Bodies of POST /api/v2/alerts (first byte even) and /api/v2/silences (odd): whatever comes is
// taken or refused with one of Alertmanager's codes, every answer is JSON or nothing, what was
// taken is listed as JSON, and what was written is there again after a start.
#include <cstdlib>

#include "exporter/api/am_common.h"
#include "notifiers/desk/desk.h"
#include "storage/base/json.h"
#include "storage/base/log.h"
#include "storage/base/random.h"
#include "storage/state/memory_store.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

DeskConfig MakeConfig() {
  DeskConfig config;
  config.alertmanager = DefaultAlertmanagerConfig();
  config.incidents = DefaultIncidentsConfig();
  config.receivers = std::make_shared<const Receivers>(std::vector<Receiver>{});
  return config;
}

struct World {
  FakeClock clock{1'795'253'047 * kNanosPerSecond};
  SeededRandom random{1};
  MemoryStore store;
  std::unique_ptr<Desk> desk;
  Router router;

  World() {
    desk = Desk::Load(store, random, MakeConfig(), clock.NowNanos()).value();
    RegisterAlertmanagerApi(
        router, {*desk, clock, BuildInfo{}, clock.NowNanos(), [] { return std::string("{}\n"); }});
  }

  // The whole answer; a streamed body is put together.
  HttpResponse Ask(FakeRequest request) {
    HttpResponse response = router.Dispatch(request);
    response.body = WholeBody(response);
    return response;
  }
  JsonValue List(const std::string& path) {
    const HttpResponse response = Ask(FakeRequest("GET", path));
    StatusOr<JsonValue> json = ParseJson(response.body);
    if (response.status != 200 || !json.ok() || json->kind != JsonValue::Kind::kArray) std::abort();
    return *std::move(json);
  }
};

bool Known(int status) {
  for (const int known : {200, 400, 404, 413, 422}) {
    if (status == known) return true;
  }
  return false;
}

void Post(const std::string& path, std::string body) {
  World world;
  const HttpResponse answer = world.Ask(FakeRequest::JsonPost(path, std::move(body)));
  if (!Known(answer.status)) std::abort();
  if (!answer.body.empty() && !ParseJson(answer.body).ok()) std::abort();
  const size_t alerts = world.List("/api/v2/alerts").items.size();
  const size_t silences = world.List("/api/v2/silences").items.size();
  world.List("/api/v2/alerts/groups");
  if (answer.status == 200 && path == "/api/v2/silences" && silences != 1) std::abort();
  if (answer.status != 200 && silences != 0) std::abort();
  // Again from what was written.
  const StatusOr<std::unique_ptr<Desk>> again =
      Desk::Load(world.store, world.random, MakeConfig(), world.clock.NowNanos());
  if (!again.ok() || (*again)->Silences().size() != silences) std::abort();
  if ((*again)->Alerts(world.clock.NowNanos()).size() < alerts) std::abort();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  outrider::SetUpLog(outrider::LogLevel::kError, outrider::LogFormat::kLogfmt);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const char* path = data[0] % 2 == 0 ? "/api/v2/alerts" : "/api/v2/silences";
  outrider::Post(path, std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
