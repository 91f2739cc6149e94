// SPDX-License-Identifier: Apache-2.0
// An alert more in an open incident: what the incident's row does not say of it, a start finds in
// the alert's.
#include "storage/state/faulty_store.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class DeskJoiningTest : public DeskTest {
 protected:
  DeskJoiningTest() {
    Adjust([](DeskConfig& config) { config.incidents.group_by = {"alertname"}; });
  }
  Alert Make(const char* nr, const char* severity = "warning") {
    Alert alert = MakeAlert("Down", severity);
    alert.labels = alert.labels.With("nr", nr);
    return alert;
  }
  void FireAt(int second, const char* nr, const char* severity = "warning") {
    clock_.Set(kT0 + Sec(second));
    ASSERT_TRUE(Fire(Make(nr, severity)).ok());
  }
  void EndAt(int second, const char* nr) {
    clock_.Set(kT0 + Sec(second));
    ASSERT_TRUE(End(Make(nr)).ok());
  }
  uint64_t VersionOfRow() {
    uint64_t version = 0;
    EXPECT_TRUE(disk_
                    ->Scan(Family::kIncidents, "", "",
                           [&](const Row& row) {
                             version = row.version;
                             return true;
                           })
                    .ok());
    return version;
  }
  // All of it that a start has to find again.
  std::string Told() {
    std::string told;
    for (const auto& incident : desk_->Incidents({}).incidents) {
      told += EncodeIncident(*incident);
      for (const uint64_t fingerprint : incident->firing) told += " " + std::to_string(fingerprint);
      told += " of";
      for (const uint64_t fingerprint : incident->alerts) told += " " + std::to_string(fingerprint);
    }
    return told;
  }
};

TEST_F(DeskJoiningTest, LeavesTheIncidentsRowAndIsFoundByAStart) {
  FireAt(0, "1");
  const uint64_t version = VersionOfRow();
  FireAt(1, "2");
  FireAt(2, "3");
  EXPECT_EQ(VersionOfRow(), version);
  EXPECT_EQ(Newest()->count, 3U);
  EXPECT_EQ(Newest()->last_alert_at, kT0 + Sec(2));
  const std::string told = Told();
  for (int starts = 0; starts < 2; ++starts) {
    Start(*disk_);
    EXPECT_EQ(Told(), told);
  }
}

// Rows grow where they stand, unless somebody has them.
TEST_F(DeskJoiningTest, WhoReadsAnIncidentKeepsItAsItWas) {
  FireAt(0, "1");
  FireAt(1, "2");
  const auto before = Newest();
  FireAt(2, "3");
  EXPECT_EQ(before->count, 2U);
  EXPECT_EQ(before->firing.size(), 2U);
  EXPECT_EQ(Newest()->count, 3U);
  EXPECT_EQ(Newest()->firing.size(), 3U);
}

TEST_F(DeskJoiningTest, WhatCouldNotBeWrittenChangesNothing) {
  FireAt(0, "1");
  FireAt(1, "2");
  FaultyStore counting(*disk_, {});
  Start(counting);
  FaultyStore faulty(*disk_, {.fault = StoreFault::kFailOnce,
                              .at = counting.commits() + 1,
                              .error = absl::UnavailableError("no")});
  Start(faulty);
  const std::string told = Told();
  const auto members = [&] {
    size_t all = 0;
    for (const GroupView& group : desk_->Groups(clock_.NowNanos())) all += group.alerts.size();
    return all;
  };
  clock_.Set(kT0 + Sec(2));
  EXPECT_FALSE(Fire(Make("3")).ok());
  EXPECT_EQ(Told(), told);
  EXPECT_EQ(members(), 2U);
  FireAt(3, "3");
  EXPECT_EQ(Newest()->count, 3U);
  EXPECT_EQ(members(), 3U);
}

// Of two in one event the second sees the first.
TEST_F(DeskJoiningTest, SeveralAtOnce) {
  FireAt(0, "1");
  clock_.Set(kT0 + Sec(1));
  const std::vector<Alert> alerts = {Make("2"), Make("3"), Make("4")};
  ASSERT_TRUE(desk_->PostAlerts(alerts, clock_.NowNanos()).ok());
  EXPECT_EQ(Newest()->count, 4U);
  EXPECT_EQ(Newest()->audit_events, 4U);  // opened, three more
  const std::string told = Told();
  Start(*disk_);
  EXPECT_EQ(Told(), told);
}

TEST_F(DeskJoiningTest, WhateverHappensBehindIt) {
  struct Case {
    const char* name;
    std::function<void()> act;
  };
  const Case cases[] = {
      {"a note", [&] { ASSERT_TRUE(desk_->AddNote(By(Newest()->id, "n"), kT0 + Sec(5)).ok()); }},
      {"one more behind a note",
       [&] {
         ASSERT_TRUE(desk_->AddNote(By(Newest()->id, "n"), kT0 + Sec(5)).ok());
         FireAt(6, "4");
       }},
      {"it ends", [&] { EndAt(5, "2"); }},
      {"it ends and fires again",
       [&] {
         EndAt(5, "2");
         FireAt(6, "2");
       }},
      {"it ends and fires again, one more comes",
       [&] {
         EndAt(5, "2");
         FireAt(6, "2");
         FireAt(7, "4");
       }},
      {"a worse one", [&] { FireAt(5, "4", "critical"); }},
      {"one that began before all",
       [&] {
         clock_.Set(kT0 + Sec(5));
         Alert early = Make("4");
         early.starts_at = {kT0 - Sec(100), 0};
         ASSERT_TRUE(Fire(early).ok());
       }},
      {"a repeat", [&] { FireAt(90, "2"); }},
      {"acknowledged, one more",
       [&] {
         ASSERT_TRUE(desk_->Acknowledge(By(Newest()->id), kT0 + Sec(5)).ok());
         FireAt(6, "4");
       }},
      {"resolved by a person",
       [&] { ASSERT_TRUE(desk_->Resolve(By(Newest()->id), kT0 + Sec(5)).ok()); }},
      {"another group's, merged",
       [&] {
         const std::string whole = Newest()->id;
         clock_.Set(kT0 + Sec(5));
         ASSERT_TRUE(Fire(MakeAlert("Other")).ok());
         clock_.Set(kT0 + Sec(6));
         Alert second = MakeAlert("Other");
         second.labels = second.labels.With("nr", "2");
         ASSERT_TRUE(Fire(second).ok());
         const std::string part = Newest()->id;
         ASSERT_NE(part, whole);
         ASSERT_TRUE(desk_->Change(MergeInto{whole}, By(part), kT0 + Sec(7)).ok());
         FireAt(8, "5");
       }},
      {"the clock is set back",
       [&] {
         desk_->Watch(clock_);
         clock_.Set(kT0 - Sec(3600));
         ASSERT_TRUE(desk_->Tick(clock_.NowNanos()).ok());
       }},
  };
  for (const Case& c : cases) {
    disk_ = std::make_unique<MemoryStore>();
    clock_.Set(kT0);
    Start(*disk_);
    FireAt(0, "1");
    FireAt(1, "2");
    FireAt(2, "3");
    c.act();
    const std::string told = Told();
    Start(*disk_);
    EXPECT_EQ(Told(), told) << c.name;
    FireAt(200, "9");
    const std::string later = Told();
    Start(*disk_);
    EXPECT_EQ(Told(), later) << c.name << ", and one more after a start";
  }
}

}  // namespace
}  // namespace outrider
