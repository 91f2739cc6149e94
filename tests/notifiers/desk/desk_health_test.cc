// SPDX-License-Identifier: Apache-2.0
// Health checks: results that come with beats.
#include "notifiers/desk/decide_health.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

class HealthTest : public DeskTest {
 protected:
  HealthTest() { Configure("critical"); }
  void Configure(const char* severity) {
    Adjust([severity](DeskConfig& config) {
      HeartbeatConfig shop;
      shop.name = "shop";
      shop.interval = kDay;
      shop.team = "web";
      shop.severity = severity;
      config.around.heartbeats = {shop};
    });
  }
  // '+' is a success, '-' a failure; a second between them.
  void Results(std::string_view results) {
    for (const char one : results) {
      Run(1);
      const BeatResult result{.success = one == '+', .error = one == '+' ? "" : "timeout"};
      ASSERT_TRUE(desk_
                      ->Beat("shop", result,
                             {.incident_id = "", .who = "", .channel = "api", .note = ""},
                             clock_.NowNanos())
                      .ok());
    }
    Run(1);
  }
  bool Fails() { return desk_->Heartbeats(clock_.NowNanos())[0].failing_since != 0; }
};

TEST_F(HealthTest, ThreeFailuresAreAnIncidentAndTwoSuccessesItsEnd) {
  const struct {
    const char* results;
    bool fails;
  } cases[] = {{"--", false}, {"+--", false}, {"-", true},  {"+", true},
               {"-+", true},  {"+", false},   {"--", false}};
  for (const auto& one : cases) {
    Results(one.results);
    EXPECT_EQ(Fails(), one.fails) << one.results;
  }
}

TEST_F(HealthTest, TheIncidentBeginsWithTheFirstFailure) {
  Results("+");
  const Nanos first = clock_.NowNanos() + Sec(1);
  Results("---");
  const auto incident = Newest();
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->title, "HealthCheckFailed");
  EXPECT_EQ(incident->source, IncidentSource::kHealthCheck);
  EXPECT_EQ(incident->summary, "health check shop fails: timeout");
  EXPECT_EQ(incident->team, "web");
  EXPECT_EQ(incident->starts_at, first / Sec(1) * Sec(1));
  EXPECT_EQ(incident->labels.Get("heartbeat"), "shop");
  EXPECT_EQ(Got("pager"), 1U);
  Start(*disk_);  // it goes on failing, and the next failures are no news
  Results("-----");
  EXPECT_TRUE(Fails());
  EXPECT_EQ(desk_->Heartbeats(clock_.NowNanos())[0].error, "timeout");
  EXPECT_EQ(desk_->Heartbeats(clock_.NowNanos())[0].missing_since, 0) << "what fails is alive";
  EXPECT_EQ(Got("pager"), 1U);
  Results("++");
  EXPECT_EQ(Newest()->state, IncidentState::kResolved);
  EXPECT_EQ(Got("pager"), 2U) << "the recovery";
  EXPECT_TRUE(desk_->VerifyAudit().ok());
}

TEST_F(HealthTest, IsWhatIsConfiguredNow) {
  Results("---");
  ASSERT_EQ(Newest()->severity, Severity::kCritical);
  Configure("low");
  EXPECT_EQ(desk_->Alerts(clock_.NowNanos()).size(), 1U) << "the old one ended";
  EXPECT_TRUE(Fails());
  Adjust([](DeskConfig& config) { config.around.heartbeats = {}; });
  Run(1);
  EXPECT_EQ(Newest()->state, IncidentState::kResolved) << "nobody checks it any more";
}

// An alert that is a beat says nothing of a check, be it the one that the check itself raised.
TEST_F(HealthTest, AnAlertIsNoResult) {
  Adjust([](DeskConfig& config) {
    HeartbeatConfig shop;
    shop.name = "shop";
    shop.interval = kDay;
    shop.successes = 1;
    shop.alert = {*Matcher::Create(MatchType::kRegex, "alertname", "Watchdog|HealthCheckFailed")};
    config.around.heartbeats = {shop};
  });
  Results("--");
  ASSERT_TRUE(Fire(MakeAlert("Watchdog")).ok());
  Results("-");
  EXPECT_TRUE(Fails());
  ASSERT_TRUE(Fire(MakeAlert("Watchdog")).ok());
  EXPECT_TRUE(Fails());
  Results("+");
  EXPECT_FALSE(Fails());
}

// What its rule says that an alert is about.
TEST_F(HealthTest, TheSourceOfAnIncident) {
  const struct {
    const char* said;
    IncidentSource source;
  } cases[] = {{"anomaly", IncidentSource::kAnomaly},
               {"health_check", IncidentSource::kHealthCheck},
               {"hand", IncidentSource::kAlerts},
               {"", IncidentSource::kAlerts}};
  for (const auto& one : cases) {
    Alert alert = MakeAlert((std::string("Said_") + one.said).c_str());
    alert.annotations["outrider_source"] = one.said;
    ASSERT_TRUE(Fire(alert).ok());
    EXPECT_EQ(Newest()->source, one.source) << one.said;
    EXPECT_EQ(desk_->GetIncident(Newest()->id, clock_.NowNanos()).value().events[0].data["source"],
              IncidentSourceText(one.source));
    Run(10);
  }
}

}  // namespace
}  // namespace outrider
