// SPDX-License-Identifier: Apache-2.0
// A real desk over a store in memory, with every API on it registered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exporter/access/password.h"
#include "exporter/api/access.h"
#include "exporter/api/alert_history.h"
#include "exporter/api/am_common.h"
#include "exporter/api/anomalies.h"
#include "exporter/api/answer_callbacks.h"
#include "exporter/api/answer_links.h"
#include "exporter/api/audit.h"
#include "exporter/api/autograph_alerts.h"
#include "exporter/api/calendar_feeds.h"
#include "exporter/api/contacts.h"
#include "exporter/api/cost_allocation.h"
#include "exporter/api/cost_what_if.h"
#include "exporter/api/costs.h"
#include "exporter/api/directory.h"
#include "exporter/api/escalation.h"
#include "exporter/api/heartbeats.h"
#include "exporter/api/incidents.h"
#include "exporter/api/insa.h"
#include "exporter/api/maintenance.h"
#include "exporter/api/oncall.h"
#include "exporter/api/openapi.h"
#include "exporter/api/product_common.h"
#include "exporter/api/recommendations.h"
#include "exporter/api/slo.h"
#include "exporter/api/state_series.h"
#include "exporter/api/test_receiver.h"
#include "exporter/api/warm_up.h"
#include "exporter/api/workloads.h"
#include "notifiers/desk/desk.h"
#include "storage/base/random.h"
#include "storage/state/memory_store.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {

struct DeskWorld {
  FakeClock clock{1'795'253'047 * kNanosPerSecond};  // 2026-11-21T09:24:07Z
  SeededRandom random{1};
  MemoryStore store;
  std::unique_ptr<Desk> desk;
  Windows windows{{.retention = 24 * kHour, .unreferenced_retention = 6 * kHour}};
  std::vector<SloView> slos;
  std::vector<Recommendation> recommendations;
  std::vector<WorkloadCost> costs;
  Currency currency;
  QueryGate queries{1, clock};
  std::unique_ptr<TokenStore> tokens;
  std::unique_ptr<AccessControl> access;
  Router router;
  // What an edit of the directory does.
  std::function<Status(const DirectoryChange&, const Caller&)> edit_directory =
      [](const DirectoryChange&, const Caller&) { return absl::UnavailableError("no files"); };
  std::function<Status(const DirectoryChange&, const Caller&)> Edit() {
    return [this](const DirectoryChange& change, const Caller& by) {
      return edit_directory(change, by);
    };
  }

  DeskWorld() {
    DeskConfig config;
    config.alertmanager = DefaultAlertmanagerConfig();
    config.incidents = DefaultIncidentsConfig();
    config.receivers = std::make_shared<const Receivers>(std::vector<Receiver>{});
    config.external_url = "http://outrider:9909";
    desk = Desk::Load(store, random, std::move(config), clock.NowNanos()).value();
    BuildInfo build;
    build.version = "0.1.0";
    RegisterAlertmanagerApi(router, {*desk, clock, build, clock.NowNanos(),
                                     [] { return std::string("route: {receiver: log}\n"); }});
    RegisterAlertHistoryApi(router, {*desk, clock});
    RegisterIncidentsApi(router, {*desk, clock});
    RegisterReceiverTestApi(router, {[this] { return desk->config()->receivers; },
                                     {clock, random, "http://outrider:9909"}});
    RegisterSlaApi(router, {*desk, clock});
    RegisterOnCallApi(router, {*desk, clock});
    RegisterEscalationApi(router, {*desk, clock});
    RegisterContactsApi(router, {*desk, clock});
    RegisterAuditApi(router, *desk);
    RegisterHeartbeatsApi(router, {*desk, clock});
    RegisterInsaAlerts(router, {*desk, clock});
    RegisterInsaLists(router, {*desk, clock});
    RegisterInsaPolicies(router, {*desk, Edit()});
    RegisterMaintenanceApi(router, {*desk, clock});
    RegisterAnswerLinks(router, {*desk, clock});
    RegisterAnswerCallbacks(router, {*desk, clock});
    tokens = TokenStore::Open(store, random).value();
    access = std::make_unique<AccessControl>(
        WebConfig{}, AccessOptions{},
        AccessSeams{
            *tokens, clock, random,
            [](Owned, const std::string&) { return std::optional<std::vector<std::string>>(); },
            PasswordFits});
    RegisterAccessApi(router, {*access, *tokens, *desk, clock});
    RegisterCalendarFeedsApi(router, {*tokens, *desk, clock, random});
    // The directory as a daemon has it: tests/exporter/daemon/directory_test.cc.
    RegisterDirectoryApi(router, {.view = [] { return std::make_shared<const DirectoryView>(); },
                                  .edit = Edit(),
                                  .desk = *desk,
                                  .clock = clock,
                                  .random = random});
    RegisterAutographApi(router, {*desk, clock, random, [] { return 5 * kMinute; }});
    RegisterRecommendationsApi(router, {[this] { return recommendations; },
                                        [this] { return costs; }, [this] { return currency; }});
    RegisterCostsApi(
        router, {[this] { return costs; }, [] { return Price(); }, [this] { return currency; }});
    RegisterSloApi(router, {[this] { return std::make_shared<const std::vector<SloView>>(slos); },
                            [this](const std::string& name) -> StatusOr<SloView> {
                              for (const SloView& slo : slos) {
                                if (slo.spec.name == name) return slo;
                              }
                              return NotFound("no objective named " + name);
                            }});
    RegisterAnomaliesApi(router,
                         {.list = [](const AnomalyQuery&) { return std::vector<AnomalyView>(); },
                          .find = [](std::string_view) { return std::optional<AnomalyView>(); },
                          .values = [](const AnomalyView&, Timestamp, Timestamp,
                                       DurationMs) { return StatusOr<std::vector<Sample>>(); },
                          .windows = windows,
                          .gate = queries});
    RegisterWarmUpApi(router, [] { return WarmUpView(); });
    RegisterWorkloadsApi(router, {[] { return std::vector<WorkloadCost>(); },
                                  [] { return std::vector<WorkloadFinding>(); }});
    RegisterStateSeriesApi(router, windows);
    RegisterCostWhatIfApi(router, {.book = [] { return std::shared_ptr<const PricedNodes>(); },
                                   .recommendations = [] { return std::vector<Recommendation>(); },
                                   .windows = windows,
                                   .clock = clock});
    RegisterCostAllocationApi(
        router, {.allocation =
                     [](const AllocationQuery&) {
                       return StatusOr<std::vector<AllocationSet>>(std::vector<AllocationSet>());
                     },
                 .options = [] { return CostSettings(); },
                 .budgets = [] { return std::vector<BudgetStatus>(); },
                 .anomalies = [] { return std::vector<CostAnomaly>(); },
                 .savings = [] { return std::vector<RealisedSavings>(); },
                 .recommendations = [] { return std::vector<Recommendation>(); },
                 .currency = [] { return Currency(); },
                 .clock = clock});
    RegisterOpenApi(router);
    RegisterProductErrors(router);
  }

  HttpResponse Get(std::string_view target) const {
    FakeRequest request("GET", target);
    return router.Dispatch(request);
  }
  HttpResponse Post(std::string_view target, std::string body) const {
    FakeRequest request = FakeRequest::JsonPost(target, std::move(body));
    return router.Dispatch(request);
  }
  HttpResponse Delete(std::string_view target) const {
    FakeRequest request("DELETE", target);
    return router.Dispatch(request);
  }
  JsonValue GetJson(std::string_view target) const {
    return ParseJson(WholeBody(Get(target))).value_or(JsonValue());
  }
  // An alert through the API; it opens an incident.
  HttpResponse Fire(const std::string& name, const std::string& severity = "critical") const {
    return Post("/api/v2/alerts", R"([{"labels":{"alertname":")" + name + R"(","severity":")" +
                                      severity +
                                      R"("},"annotations":{"summary":"it is <b>bad</b>"}}])");
  }
};

}  // namespace outrider
