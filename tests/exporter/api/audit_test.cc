// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "notifiers/incident/audit_trail.h"
#include "storage/base/text.h"
#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

using testing::HasSubstr;

struct AuditWorld : DeskWorld {
  std::string id;
  AuditWorld() {
    Alert alert;
    alert.labels = Labels({{"alertname", "Down"}, {"severity", "critical"}});
    alert.starts_at = {clock.NowNanos(), 0};
    EXPECT_TRUE(desk->OnAlerts({&alert, 1}, {}, clock.NowNanos()).ok());
    id = desk->Incidents({}).incidents.front()->id;
    clock.Advance(kMinute);
    EXPECT_TRUE(desk->Acknowledge({id, "anna", "api", "on it"}, clock.NowNanos()).ok());
  }
  std::string Lines(const std::string& query) {
    FakeRequest request("GET", "/outrider/v1/audit?" + query);
    HttpResponse response = router.Dispatch(request);
    EXPECT_EQ(response.status, 200);
    std::string text = response.body;
    for (std::string piece; response.stream && response.stream(&piece); piece.clear()) {
      text += piece;
    }
    return text;
  }
  std::string Verify() {
    FakeRequest request("POST", "/outrider/v1/state/verify");
    return router.Dispatch(request).body;
  }
};

TEST(AuditApi, ExportsJsonLines) {
  AuditWorld world;
  const std::string all = world.Lines("");
  EXPECT_THAT(all, testing::StartsWith(R"({"time":"2026-11-21T09:24:07.000Z","subject":")" +
                                       world.id + R"(","kind":"opened","by":"",)"));
  EXPECT_THAT(all, HasSubstr(R"("kind":"state_changed","by":"anna","channel":"api",)"
                             R"("from":"new","to":"acknowledged","text":"on it",)"));
  EXPECT_EQ(Split(world.Lines("kind=state_changed"), '\n').size(), 2U) << "one line and its end";
  FakeRequest mistyped("GET", "/outrider/v1/audit?kind=state_change");
  EXPECT_EQ(world.router.Dispatch(mistyped).status, 400) << "a typing error is no empty trail";
  EXPECT_EQ(world.Lines("by=ben"), "");
  EXPECT_EQ(world.Lines("subject=" + world.id), all);
  EXPECT_EQ(world.Lines("to=2026-11-21T09:24:07Z"), "");
  EXPECT_EQ(Split(world.Lines("from=2026-11-21T09:25:00Z"), '\n').size(), 2U);
}

TEST(AuditApi, ExportsWhatProgramsNeed) {
  AuditWorld world;
  AuditEvent event;
  event.subject = "user:ben";
  event.kind = AuditKind::kConfigured;
  event.data = {{"kind", "user"}, {"name", "a \"b\""}};
  ASSERT_TRUE(world.desk->Configure(event, {}, world.clock.NowNanos()).ok());
  EXPECT_THAT(world.Lines("kind=configured"),
              HasSubstr(R"("data":{"kind":"user","name":"a \"b\""},"sequence":)"));
  EXPECT_THAT(world.Lines("kind=state_changed"), HasSubstr(R"("data":{)"));
}

TEST(AuditApi, NamesWhatWasTamperedWith) {
  AuditWorld world;
  EXPECT_THAT(world.Verify(), testing::StartsWith(R"({"intact":true,"events":)"));
  // The note is made another one, as somebody with the store's files could.
  std::vector<AuditEvent> events;
  for (int bucket = 0; bucket < kAuditBuckets && events.empty(); ++bucket) {
    events = world.desk->AuditEvents(static_cast<uint8_t>(bucket)).value();
  }
  AuditEvent changed = events.back();
  changed.text = "not me";
  Batch batch;
  batch.Put(Family::kAudit, AuditKey(changed.subject, changed.sequence), EncodeAuditEvent(changed));
  ASSERT_TRUE(world.store.Commit(batch, Durability::kSynced).ok());
  EXPECT_EQ(world.Verify(), R"({"intact":false,"error":"audit: event )" +
                                std::to_string(changed.sequence) + " of " + world.id +
                                R"( was changed"})");
  batch = {};
  batch.Put(Family::kAudit, AuditKey(changed.subject, changed.sequence), "garbage");
  ASSERT_TRUE(world.store.Commit(batch, Durability::kSynced).ok());
  EXPECT_THAT(world.Verify(),
              HasSubstr("audit: an event of \\\"" + world.id +
                        "\\\" cannot be read: the row of an audit event is corrupt"));
}

}  // namespace
}  // namespace outrider
