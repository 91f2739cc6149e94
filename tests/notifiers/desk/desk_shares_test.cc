// SPDX-License-Identifier: Apache-2.0
// Figures by team and by service: bounded, kept over restarts, never taken back.
#include <fmt/format.h>

#include "notifiers/config/paging_config.h"
#include "notifiers/desk/incident_shares.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

const std::pair kAckCritical{SlaKind::kAcknowledge, Severity::kCritical};
const std::pair kNewCritical{IncidentState::kNew, Severity::kCritical};

class DeskShares : public DeskTest {
 protected:
  DeskShares() { Configure({"db", "web"}); }

  void Configure(const std::vector<std::string>& teams) {
    Adjust([teams](DeskConfig& config) {
      auto people = std::make_shared<PagingConfig>();
      for (const std::string& name : teams) people->teams.push_back({name, {}, ""});
      config.incidents.people = std::move(people);
      config.incidents.group_by = {"alertname"};
    });
  }
  std::string Open(const std::string& name, const char* team, const std::string& service) {
    Alert alert = MakeAlert(name.c_str(), "critical");
    LabelsBuilder labels(alert.labels);
    labels.Set("team", team).Set("service", service);
    alert.labels = labels.Build();
    EXPECT_TRUE(Fire(alert).ok());
    for (const auto& incident : desk_->Incidents({}).incidents) {
      if (incident->title == name && incident->Open()) return incident->id;
    }
    return "";
  }
  DeskStats Stats() { return desk_->Stats(clock_.NowNanos()); }
  uint64_t Breaches(const std::string& team) {
    return Stats().teams.at(team).sla[kAckCritical].breaches;
  }
};

TEST_F(DeskShares, EachTeamHasItsOwn) {
  const std::string db = Open("A", "db", "postgres");
  Open("B", "web", "shop");
  Open("C", "nobody knows it", "shop");
  Run(400);  // five minutes to acknowledge
  ASSERT_TRUE(desk_->Acknowledge(By(db), clock_.NowNanos()).ok());
  ASSERT_TRUE(desk_->Resolve(By(db), clock_.NowNanos()).ok());
  Open("D", "db", "postgres");
  for (const bool again : {false, true}) {
    if (again) Start(*disk_);
    DeskStats stats = Stats();
    ASSERT_EQ(stats.teams.size(), 3U);
    EXPECT_EQ(stats.teams.at("db").incidents[kNewCritical], 1U);
    EXPECT_EQ(stats.teams.at("db").sla[kAckCritical].breaches, 1U);
    EXPECT_EQ(stats.teams.at("db").sla[kAckCritical].open_breaches, 0U);
    EXPECT_EQ(stats.teams.at("db").time_to_acknowledge.count, 1U);
    EXPECT_EQ(stats.teams.at("db").time_to_resolve.sum, 400);
    EXPECT_EQ(stats.teams.at("web").sla[kAckCritical].open_breaches, 1U);
    EXPECT_EQ(stats.teams.at("").sla[kAckCritical].open_breaches, 1U) << "no such team";
    EXPECT_EQ(stats.services.at("shop").sla[kAckCritical].breaches, 2U);
    EXPECT_EQ(stats.services.at("postgres").incidents[kNewCritical], 1U);
    // The parts are the whole.
    SlaView sum;
    for (const auto& [team, share] : stats.teams) {
      sum.breaches += share.sla.contains(kAckCritical) ? share.sla.at(kAckCritical).breaches : 0;
    }
    EXPECT_EQ(sum.breaches, stats.sla.at(kAckCritical).breaches);
  }
}

TEST_F(DeskShares, ATeamThatIsConfiguredOrRemovedTakesNothingBack) {
  const std::string early = Open("A", "late team", "x");
  Open("B", "db", "x");
  Run(400);
  ASSERT_EQ(Breaches(""), 1U);
  Configure({"db", "late team"});
  EXPECT_EQ(Breaches(""), 1U);
  EXPECT_EQ(Breaches("late team"), 0U) << "from now on";
  EXPECT_FALSE(Stats().teams.contains("web")) << "nothing was counted for it";
  Open("C", "late team", "x");
  Run(400);
  ASSERT_TRUE(desk_->Acknowledge(By(early), clock_.NowNanos()).ok());
  EXPECT_EQ(Breaches(""), 1U);
  EXPECT_EQ(Breaches("late team"), 1U);
  EXPECT_EQ(Stats().teams.at("").sla[kAckCritical].open_breaches, 0U);
  Configure({});
  Start(*disk_);
  EXPECT_EQ(Breaches("late team"), 1U);
  EXPECT_EQ(Breaches("db"), 1U);
}

// One decision may open many: they share the bound.
TEST_F(DeskShares, ServicesAreBounded) {
  std::vector<Alert> alerts;
  for (size_t i = 0; i < kMaxServiceShares + 50; ++i) {
    Alert alert = MakeAlert(fmt::format("a{}", i).c_str(), "critical");
    alert.labels = alert.labels.With("service", fmt::format("s{}", i));
    alerts.push_back(alert);
  }
  ASSERT_TRUE(desk_->OnAlerts(alerts, {}, clock_.NowNanos()).ok());
  Open("one more", "db", "another");
  Open("known", "db", "s1");
  const DeskStats stats = Stats();
  EXPECT_EQ(stats.services.size(), kMaxServiceShares + 1);
  EXPECT_EQ(stats.services.at("").incidents.at(kNewCritical), 51U);
  EXPECT_EQ(stats.services.at("s1").incidents.at(kNewCritical), 2U);
  Start(*disk_);
  EXPECT_EQ(Stats().services.size(), kMaxServiceShares + 1);
  EXPECT_EQ(Stats().services.at("").incidents.at(kNewCritical), 51U);
}

// A store of an older build has no such rows: what is kept is counted.
TEST_F(DeskShares, AreMadeWhenThereAreNone) {
  const std::string id = Open("A", "db", "postgres");
  Run(400);
  Batch batch;
  for (const char* kind : {"team_totals", "service_totals"}) {
    ASSERT_TRUE(disk_
                    ->Scan(Family::kMeta, kind, "",
                           [&](const Row& row) {
                             batch.Delete(Family::kMeta, row.key);
                             return true;
                           })
                    .ok());
  }
  ASSERT_GE(batch.writes().size(), 2U);
  desk_.reset();
  ASSERT_TRUE(disk_->Commit(batch, Durability::kSynced).ok());
  Start(*disk_);
  EXPECT_EQ(Breaches("db"), 1U);
  ASSERT_TRUE(desk_->Acknowledge(By(id), clock_.NowNanos()).ok());
  EXPECT_EQ(Stats().teams.at("db").sla[kAckCritical].open_breaches, 0U);
  EXPECT_EQ(Stats().teams.at("db").sla[kAckCritical].breached, 1U);
}

TEST_F(DeskShares, WhatIsForgottenStaysCounted) {
  Adjust([](DeskConfig& config) {
    auto people = std::make_shared<PagingConfig>();
    people->teams.push_back({"db", {}, ""});
    config.incidents.people = std::move(people);
    config.incidents.group_by = {"alertname"};
    config.incidents.retention = kHour;
  });
  const std::string id = Open("A", "db", "postgres");
  Run(400);
  ASSERT_TRUE(desk_->Resolve(By(id), clock_.NowNanos()).ok());
  Run(2 * 3600);
  ASSERT_FALSE(desk_->GetIncident(id, clock_.NowNanos()).ok());
  EXPECT_EQ(Breaches("db"), 1U);
  EXPECT_TRUE(Stats().teams.at("db").incidents.empty());
  Start(*disk_);
  EXPECT_EQ(Breaches("db"), 1U);
  EXPECT_EQ(Stats().teams.at("db").time_to_resolve.count, 1U);
}

}  // namespace
}  // namespace outrider
