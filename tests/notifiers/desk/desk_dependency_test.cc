// SPDX-License-Identifier: Apache-2.0
// Dependencies on the desk. The golden case is AutoGraph's: a redis outage must page for redis, not
// for redis and the eight services that need it (specs/source_systems.md §4.1, §4.6).
#include <fmt/format.h>

#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

constexpr const char* kServices[] = {"api-gateway",    "auth-service",          "diagram-service",
                                     "ai-service",     "collaboration-service", "git-service",
                                     "export-service", "integration-hub"};
constexpr const char* kGraph = R"(
- {name: gateway, match: [alertname = ServiceDown, service = frontend],
   on: [alertname = ServiceDown, service = api-gateway]}
- name: redis
  match:
  - alertname = ServiceDown
  - service =~ "api-gateway|auth-service|diagram-service|ai-service|collaboration-service|git-service|export-service|integration-hub"
  on: [alertname = ServiceDown, service = redis]
  equal: [cluster]
  wait: 30s
  grace: 2m
- name: postgres
  match:
  - alertname = ServiceDown
  - service =~ "auth-service|diagram-service|collaboration-service|git-service|integration-hub"
  on: [alertname = ServiceDown, service = postgres]
  equal: [cluster]
)";

class DependencyTest : public DeskTest {
 protected:
  DependencyTest() { Configure(kGraph); }
  void Configure(const std::string& graph) {
    Adjust([graph](DeskConfig& config) {
      config.incidents.group_by = {"service", "cluster"};
      config.incidents.escalation_policies[0].repeat = 100;
      config.around.dependencies = ParseDependencies(ParseYaml(graph, "f").value(), "f").value();
    });
  }
  Alert Down(const std::string& service, const char* cluster = "a") {
    Alert alert = MakeAlert("ServiceDown", "critical");
    alert.labels = Labels({{"alertname", "ServiceDown"},
                           {"severity", "critical"},
                           {"cluster", cluster},
                           {"service", service}});
    return alert;
  }
  std::shared_ptr<const Incident> Of(const std::string& service) {
    IncidentFilter all;
    all.limit = 100;
    const IncidentPage page = desk_->Incidents(all);
    for (const auto& incident : page.incidents) {
      if (incident->labels.Get("service") == service) return incident;
    }
    return nullptr;
  }
  // The services that were paged about, each page.
  std::vector<std::string> Paged() {
    std::vector<std::string> services;
    for (const Notification& page : inbox_["pager"].got) {
      services.push_back(
          fmt::format("{}{}", page.resolved ? "-" : "", page.alerts.at(0).labels.Get("service")));
    }
    std::sort(services.begin(), services.end());
    return services;
  }
  using Texts = std::vector<std::string>;
};

// An outage that a person made a part of another incident, or its own again, ends as any other.
class MergedOutageTest : public DependencyTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Unmerged, MergedOutageTest, testing::Bool());

TEST_P(MergedOutageTest, ItsEndLetsItsDependantsGo) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("auth-service")).ok());
  Run(5);
  ASSERT_EQ(Of("auth-service")->suppressed_by, Of("redis")->id);
  ASSERT_TRUE(Fire(Down("elsewhere")).ok());
  Run(5);
  ASSERT_TRUE(
      desk_->Change(MergeInto{Of("elsewhere")->id}, By(Of("redis")->id), clock_.NowNanos()).ok());
  Run(5);
  EXPECT_EQ(Of("auth-service")->suppressed_by, Of("elsewhere")->id);
  if (GetParam()) {
    ASSERT_TRUE(desk_->Change(Unmerge{}, By(Of("redis")->id), clock_.NowNanos()).ok());
    EXPECT_EQ(Of("auth-service")->suppressed_by, Of("redis")->id);
  }
  ASSERT_TRUE(End(Down("redis")).ok());
  Run(121);
  EXPECT_EQ(Of("auth-service")->suppressed_by, "");
  EXPECT_EQ(std::ranges::count(Paged(), "auth-service"), 1);
}

TEST_F(DependencyTest, ARedisOutagePagesForRedisWithItsDependantsAttached) {
  // What needs redis fails first, in no order.
  std::vector<Alert> alerts;
  for (const char* service : kServices) alerts.push_back(Down(service));
  ASSERT_TRUE(desk_->OnAlerts(alerts, {}, clock_.NowNanos()).ok());
  Run(10);
  EXPECT_EQ(Got("pager"), 0U) << "they wait for an outage to show";
  ASSERT_TRUE(Fire(Down("redis")).ok());
  Run(5);
  EXPECT_EQ(Paged(), Texts{"redis"});
  const std::string redis = Of("redis")->id;
  for (const char* service : kServices) {
    EXPECT_EQ(Of(service)->suppressed_by, redis) << service;
    EXPECT_TRUE(Of(service)->Open());
  }
  const auto outages = desk_->Outages();
  ASSERT_EQ(outages.size(), 3U);
  EXPECT_EQ(outages[1].name, "redis");
  ASSERT_EQ(outages[1].outages.size(), 1U);
  EXPECT_EQ(outages[1].outages[0].incident_id, redis);
  EXPECT_EQ(outages[1].outages[0].dependants.size(), 8U);
  // The repeat says how many hang on it.
  Run(15 * 60);
  EXPECT_EQ(Paged(), (Texts{"redis", "redis"}));
  EXPECT_NE(inbox_["pager"].got.back().note.find("8 incidents that depend on it"),
            std::string::npos)
      << inbox_["pager"].got.back().note;
  // It comes back, and with it everything.
  ASSERT_TRUE(End(Down("redis")).ok());
  Run(60);
  for (const char* service : kServices) ASSERT_TRUE(End(Down(service)).ok());
  Run(600);
  EXPECT_EQ(Paged(), (Texts{"-redis", "redis", "redis"})) << "nobody heard of the others at all";
}

TEST_F(DependencyTest, WhatStillFiresAfterTheGracePages) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("auth-service")).ok());
  Run(600);
  EXPECT_EQ(Paged(), Texts{"redis"});
  ASSERT_TRUE(End(Down("redis")).ok());
  Run(119);
  EXPECT_EQ(Paged(), (Texts{"-redis", "redis"}));
  Run(2);
  EXPECT_EQ(Paged(), (Texts{"-redis", "auth-service", "redis"}));
  EXPECT_EQ(Of("auth-service")->suppressed_by, "");
  const auto detail = desk_->GetIncident(Of("auth-service")->id, clock_.NowNanos()).value();
  Texts kinds;
  for (const AuditEvent& event : detail.events) {
    if (event.kind == AuditKind::kSuppressed || event.kind == AuditKind::kUnsuppressed) {
      kinds.emplace_back(AuditKindText(event.kind));
    }
  }
  EXPECT_EQ(kinds, (Texts{"suppressed", "unsuppressed"}));
  ASSERT_TRUE(End(Down("auth-service")).ok());
  Run(10);
  EXPECT_EQ(Paged(), (Texts{"-auth-service", "-redis", "auth-service", "redis"}));
}

TEST_F(DependencyTest, WithoutAnOutageItPagesAfterItsWait) {
  ASSERT_TRUE(Fire(Down("auth-service")).ok());
  Run(29);
  EXPECT_EQ(Got("pager"), 0U);
  Run(2);
  EXPECT_EQ(Paged(), Texts{"auth-service"});
  // What has been paged about is not taken back.
  ASSERT_TRUE(Fire(Down("redis")).ok());
  Run(5);
  EXPECT_EQ(Of("auth-service")->suppressed_by, "");
  EXPECT_EQ(Paged(), (Texts{"auth-service", "redis"}));
}

TEST_F(DependencyTest, AnotherClusterIsNoExplanation) {
  ASSERT_TRUE(Fire(Down("redis", "b")).ok());
  ASSERT_TRUE(Fire(Down("auth-service", "a")).ok());
  Run(60);
  EXPECT_EQ(Paged(), (Texts{"auth-service", "redis"}));
}

TEST_F(DependencyTest, WhatDependsOnNothingPagesAtOnce) {
  ASSERT_TRUE(Fire(Down("svg-renderer")).ok());
  Run(1);
  EXPECT_EQ(Paged(), Texts{"svg-renderer"});
}

TEST_F(DependencyTest, AChainHangsOnItsNextLink) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("api-gateway")).ok());
  ASSERT_TRUE(Fire(Down("frontend")).ok());
  Run(60);
  EXPECT_EQ(Paged(), Texts{"redis"});
  EXPECT_EQ(Of("frontend")->suppressed_by, Of("api-gateway")->id);
  ASSERT_TRUE(End(Down("redis")).ok());
  Run(300);
  EXPECT_EQ(Paged(), (Texts{"-redis", "api-gateway", "redis"})) << "it is the outage now";
}

TEST_F(DependencyTest, AnOutageThatComesBackWithinTheGraceKeepsThem) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  Run(60);
  ASSERT_TRUE(End(Down("redis")).ok());
  Run(60);
  ASSERT_TRUE(Fire(Down("redis")).ok());
  Run(600);
  EXPECT_EQ(Of("git-service")->suppressed_by, Of("redis")->id);
  for (const std::string& page : Paged()) EXPECT_NE(page, "git-service");
}

TEST_F(DependencyTest, TheOtherOutageTakesOver) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  Run(60);
  ASSERT_TRUE(Fire(Down("postgres")).ok());
  ASSERT_TRUE(End(Down("redis")).ok());
  Run(300);
  EXPECT_EQ(Of("git-service")->suppressed_by, Of("postgres")->id);
}

TEST_F(DependencyTest, ResolvingTheOutageByHandLetsThemGo) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  Run(60);
  ASSERT_TRUE(desk_->Acknowledge(By(Of("redis")->id), clock_.NowNanos()).ok());
  Run(600);
  EXPECT_EQ(Paged(), Texts{"redis"}) << "somebody works on it: it is out nevertheless";
  ASSERT_TRUE(desk_->Resolve(By(Of("redis")->id), clock_.NowNanos()).ok());
  Run(130);
  EXPECT_EQ(Paged(), (Texts{"-redis", "git-service", "redis"}));
}

TEST_F(DependencyTest, ItStandsOverARestart) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  Run(60);
  Start(*disk_);
  Run(600);
  EXPECT_EQ(Of("git-service")->suppressed_by, Of("redis")->id);
  ASSERT_TRUE(End(Down("redis")).ok());
  Run(60);
  Start(*disk_);
  Run(61);
  EXPECT_EQ(Paged(), (Texts{"-redis", "git-service", "redis"})) << "the grace goes on";
}

TEST_F(DependencyTest, AReloadWithoutDependenciesLetsThemGo) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  Run(60);
  Configure("");
  Run(1);
  EXPECT_EQ(Paged(), (Texts{"git-service", "redis"}));
}

TEST_F(DependencyTest, WhatJoinsAnAttachedIncidentIsNews) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  Run(60);
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  Run(300);
  ASSERT_NE(Of("git-service")->suppressed_by, "");
  EXPECT_EQ(Paged(), Texts{"redis"});
  Alert full = Down("git-service");
  full.labels = Labels({{"alertname", "DiskFull"},
                        {"severity", "critical"},
                        {"cluster", "a"},
                        {"service", "git-service"}});
  ASSERT_TRUE(Fire(full).ok());
  Run(10);
  EXPECT_EQ(Of("git-service")->suppressed_by, "");
  EXPECT_EQ(Paged(), (Texts{"git-service", "redis"}));
}

TEST_F(DependencyTest, WhatIsMergedIntoAnAttachedIncidentIsNews) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  Run(60);
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  Run(300);
  ASSERT_NE(Of("git-service")->suppressed_by, "");
  ASSERT_TRUE(Fire(Down("shop")).ok());
  ASSERT_TRUE(
      desk_->Change(MergeInto{Of("git-service")->id}, By(Of("shop")->id), clock_.NowNanos()).ok());
  Run(10);
  EXPECT_EQ(Of("git-service")->suppressed_by, "");
  EXPECT_EQ(Got("pager"), 2U);
}

TEST_F(DependencyTest, TheyHangOnWhatTheOutageIsMergedInto) {
  ASSERT_TRUE(Fire(Down("redis")).ok());
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  ASSERT_TRUE(Fire(Down("shop")).ok());
  Run(60);
  const std::string shop = Of("shop")->id;
  ASSERT_TRUE(desk_->Change(MergeInto{shop}, By(Of("redis")->id), clock_.NowNanos()).ok());
  EXPECT_EQ(Of("git-service")->suppressed_by, shop);
  ASSERT_TRUE(desk_->Change(Unmerge{}, By(Of("redis")->id), clock_.NowNanos()).ok());
  EXPECT_EQ(Of("git-service")->suppressed_by, Of("redis")->id);
  ASSERT_TRUE(desk_->Change(MergeInto{shop}, By(Of("redis")->id), clock_.NowNanos()).ok());
  const size_t before = Got("pager");
  ASSERT_TRUE(End(Down("redis")).ok());
  Run(121);
  EXPECT_EQ(Of("git-service")->suppressed_by, "");
  EXPECT_EQ(Got("pager"), before + 1) << "the outage is over, also as a part of another incident";
  EXPECT_EQ(inbox_["pager"].got.back().alerts.at(0).labels.Get("service"), "git-service");
}

TEST_F(DependencyTest, AnIncidentWithMoreThanThatIsNews) {
  Adjust([adjust = adjust_](DeskConfig& config) {
    adjust(config);
    config.incidents.group_by = {"severity"};
  });
  // All in one incident: it cannot hang on itself.
  ASSERT_TRUE(Fire(Down("git-service")).ok());
  ASSERT_TRUE(Fire(Down("redis")).ok());
  Run(60);
  EXPECT_EQ(Got("pager"), 1U);
  EXPECT_EQ(Of("git-service")->suppressed_by, "");
}

}  // namespace
}  // namespace outrider
