// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/routes.h"

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
#include "exporter/api/described.h"
#include "exporter/api/directory.h"
#include "exporter/api/escalation.h"
#include "exporter/api/features.h"
#include "exporter/api/heartbeats.h"
#include "exporter/api/incidents.h"
#include "exporter/api/insa.h"
#include "exporter/api/labels.h"
#include "exporter/api/lifecycle.h"
#include "exporter/api/maintenance.h"
#include "exporter/api/oncall.h"
#include "exporter/api/openapi.h"
#include "exporter/api/optimize.h"
#include "exporter/api/product_common.h"
#include "exporter/api/query.h"
#include "exporter/api/realtime.h"
#include "exporter/api/recommendations.h"
#include "exporter/api/rules.h"
#include "exporter/api/slo.h"
#include "exporter/api/state_series.h"
#include "exporter/api/status.h"
#include "exporter/api/test_receiver.h"
#include "exporter/api/warm_up.h"
#include "exporter/api/webhooks.h"
#include "exporter/api/workloads.h"
#include "exporter/daemon/build_info.h"
#include "exporter/read/read_handler.h"
#include "exporter/ui/graph_page.h"
#include "exporter/ui/status_page.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

RuntimeInfo RuntimeOf(const Services& services, Nanos started_at) {
  const LoadOutcome outcome = services.Outcome();
  RuntimeInfo info;
  info.started_at = started_at;
  info.reload_ok = outcome.ok;
  info.last_config_at = outcome.loaded_at;
  info.corruption_count = services.store->Stats().damaged_log_places;
  info.storage_retention = FormatDuration(outcome.config.storage.retention);
  return info;
}

HeadInfo HeadOf(const Services& services) {
  const WindowsStats stats = services.store->windows().Stats();
  HeadInfo head;
  head.series = stats.series;
  head.chunks = stats.open_chunks + stats.sealed_chunks;
  head.min_time = services.store->windows().OldestKept();
  head.max_time = stats.newest;
  for (const SenderStats& sender : services.store->guard().limits().Stats()) {
    if (sender.series > 0) head.series_by_sender.emplace_back(sender.sender, sender.series);
  }
  return head;
}

std::vector<std::pair<std::string, std::string>> FlagsOf(const AppOptions& options) {
  std::string addresses;
  for (const std::string& address : options.listen_addresses)
    addresses += (addresses.empty() ? "" : ",") + address;
  return {
      {"config.file", options.config_file},       {"enable-feature", Join(options.features, ",")},
      {"storage.path", options.storage_path},     {"web.listen-address", addresses},
      {"web.external-url", options.external_url}, {"web.route-prefix", options.route_prefix}};
}

std::vector<std::string> FailingEntries(const Services& services) {
  std::vector<std::string> out;
  for (const EntryStatus& entry : services.analytics->Entries()) {
    if (!entry.error.empty()) out.push_back("analytics entry " + entry.name + ": " + entry.error);
  }
  const auto slos = services.slos->Views();
  for (const SloView& slo : *slos) {
    if (!slo.error.empty()) out.push_back("objective " + slo.spec.name + ": " + slo.error);
  }
  return out;
}

StatusOr<promql::QueryResult> Evaluate(Services& services, const std::string& text) {
  const promql::Expression expr = TRY(promql::Expression::Parse(text, services.parser));
  const QueryGate::Pass pass = TRY(services.queries.Enter(services.engine.options().timeout));
  return services.engine.Instant(expr, services.store->windows(), services.clock.Now());
}

void RegisterPrometheusApi(Router& router, Services& services, const AppOptions& options,
                           Nanos started_at) {
  const Windows& windows = services.store->windows();
  RegisterQueryApi(router, {windows, services.clock, services.queries, services.engine.options(),
                            services.parser});
  RegisterFeaturesApi(router,
                      {.parser = services.parser,
                       .delayed_name_removal = services.engine.options().delayed_name_removal},
                      [&services] { return services.Outcome().config.global.reload_on_change; });
  RegisterLabelsApi(router, windows);
  RegisterReadApi(router,
                  {windows, services.clock, services.reads, services.engine.options().max_samples,
                   services.engine.options().timeout});
  RegisterDescribedApi(router, services.store->metadata(), services.store->exemplars());
  RegisterRulesApi(router, [&services] { return services.rules->Snapshot(); });
  StatusApiDeps status{windows, services.clock, ThisBuild(), {}, {}, {}, FlagsOf(options), {}, {}};
  status.runtime = [&services, started_at] { return RuntimeOf(services, started_at); };
  status.head = [&services] { return HeadOf(services); };
  status.config_yaml = [&services] { return services.Outcome().config.text; };
  status.alertmanager_urls = [&services] {
    std::vector<std::string> urls;
    for (LinkStats& link : services.relay->Stats()) urls.push_back(std::move(link.url));
    return urls;
  };
  status.dropped_alertmanager_urls = [&services] { return services.relay->Dropped(); };
  RegisterStatusApi(router, status);
}

AnomaliesApiDeps AnomaliesOf(Services& services) {
  return {.list = [&services](
                      const AnomalyQuery& query) { return services.analytics->Anomalies(query); },
          .find = [&services](std::string_view id) { return services.analytics->FindAnomaly(id); },
          .values =
              [&services](const AnomalyView& view, Timestamp from, Timestamp to, DurationMs step) {
                return services.analytics->ValuesOf(view, from, to, step);
              },
          .windows = services.store->windows(),
          .workloads = &services.capacity->workloads(),
          .gate = services.queries,
          .timeout = services.engine.options().timeout};
}

CostAllocationApiDeps AllocationOf(Services& services) {
  return {.allocation =
              [&services](const AllocationQuery& query) {
                return services.cost->Allocation(query, services.clock.Now());
              },
          .options = [&services] { return services.cost->options(); },
          .budgets = [&services] { return services.cost->Budgets(); },
          .anomalies = [&services] { return services.cost->Anomalies(); },
          .savings = [&services] { return services.cost->Savings(); },
          .recommendations = [&services] { return services.capacity->Recommendations(); },
          .currency = [&services] { return services.cost->currency(); },
          .clock = services.clock};
}

void RegisterWorkloadApis(Router& router, Services& services) {
  const auto costs = [&services] { return services.capacity->Costs(); };
  const auto findings = [&services] { return services.workloads->Findings(); };
  RegisterWorkloadsApi(router, {costs, findings});
  const OptimizeApiDeps optimize = {
      .runs = *services.runs,
      .recommendations = [&services] { return services.capacity->Recommendations(); },
      .findings = findings,
      .costs = costs,
      .book = [&services] { return services.pricing->Book(); },
      .clock = services.clock};
  RegisterOptimizeApi(router, optimize);
  RegisterInsightsApi(router, optimize);
  RegisterRealtimeApi(router, {services.store->windows(), services.capacity->workloads(),
                               *services.monitor, services.clock, costs, findings});
}

// The `for` of the first rule of that name; 0 without one.
DurationMs HoldOf(const std::vector<std::shared_ptr<const RuleGroupView>>& groups,
                  std::string_view name) {
  for (const auto& view : groups) {
    for (const Rule& rule : view->group->rules) {
      if (rule.kind == RuleKind::kAlerting && rule.name == name) return rule.hold;
    }
  }
  return 0;
}

void RegisterWebhooks(Router& router, Services& services) {
  RegisterWebhooksApi(router, {.tools = [&services] { return services.ToolsOfHooks(); },
                               .random = services.random,
                               .changed = [&services] { return services.ApplyHooks(); }});
  RegisterReceiverTestApi(router,
                          {.receivers = [&services] { return services.desk->config()->receivers; },
                           .tools = {services.clock, services.random, services.external_url}});
}

void RegisterAccess(Router& router, Services& services) {
  RegisterAccessApi(router, {*services.access, *services.tokens, *services.desk, services.clock});
  RegisterCalendarFeedsApi(router,
                           {*services.tokens, *services.desk, services.clock, services.random});
  RegisterDirectoryApi(
      router, {.view = [&services] { return services.Directory(); },
               .edit = [&services](const DirectoryChange& change,
                                   const Caller& by) { return services.EditDirectory(change, by); },
               .desk = *services.desk,
               .clock = services.clock,
               .random = services.random});
  RegisterInsaPolicies(router,
                       {.desk = *services.desk,
                        .edit = [&services](const DirectoryChange& change, const Caller& by) {
                          return services.EditDirectory(change, by);
                        }});
}

}  // namespace

void RegisterRoutes(Router& router, Services& services, const MetricsPage& metrics,
                    const AppOptions& options, Nanos started_at) {
  const auto ready = [&services] { return services.ready.load(); };
  router.AddGuard([&services](HttpRequest& request) { return services.access->Guard(request); });
  router.AddGuard(MakeReadyGuard(ready));
  RegisterLifecycle(router,
                    {ready, [&services, file = options.config_file](const HttpRequest& request) {
                       const HumanAction by = CallerOf(request);
                       return services.Reload(file, {.asked = true,
                                                     .who = by.who.empty() ? "anonymous" : by.who,
                                                     .channel = by.channel});
                     }});
  router.Add("POST", "/api/v1/write", [&services](HttpRequest& request) {
    return services.store->receiver().Handle(request);
  });
  router.Add("POST", "/api/v1/otlp/v1/metrics",
             [&services](HttpRequest& request) { return services.store->otlp().Handle(request); });
  RegisterPrometheusApi(router, services, options, started_at);
  RegisterAlertmanagerApi(
      router, {*services.desk, services.clock, ThisBuild(), started_at,
               [&services] { return MaskedYaml(services.desk->config()->alertmanager); },
               &services.am_meter});
  RegisterAlertHistoryApi(router, {*services.desk, services.clock});
  RegisterWebhooks(router, services);
  RegisterIncidentsApi(router, {*services.desk, services.clock});
  RegisterAnswerLinks(router, {*services.desk, services.clock});
  RegisterAnswerCallbacks(router, {*services.desk, services.clock});
  RegisterSlaApi(router, {*services.desk, services.clock});
  RegisterAuditApi(router, *services.desk);
  RegisterOnCallApi(router, {*services.desk, services.clock});
  RegisterHeartbeatsApi(router, {*services.desk, services.clock});
  RegisterInsaAlerts(router, {*services.desk, services.clock});
  RegisterInsaLists(router, {*services.desk, services.clock});
  RegisterMaintenanceApi(router, {*services.desk, services.clock});
  RegisterEscalationApi(router, {*services.desk, services.clock});
  RegisterContactsApi(router, {*services.desk, services.clock});
  RegisterAccess(router, services);
  RegisterAutographApi(router, {*services.desk, services.clock, services.random, [&services] {
                                  return HoldOf(services.rules->Snapshot(), "ServiceDown");
                                }});
  RegisterRecommendationsApi(router, {[&services] { return services.capacity->Recommendations(); },
                                      [&services] { return services.capacity->Costs(); },
                                      [&services] { return services.cost->currency(); }});
  RegisterCostsApi(router, {[&services] { return services.capacity->Costs(); },
                            [&services] { return services.capacity->price(); },
                            [&services] { return services.cost->currency(); }});
  RegisterCostWhatIfApi(
      router, {.book = [&services] { return services.pricing->Book(); },
               .recommendations = [&services] { return services.capacity->Recommendations(); },
               .windows = services.store->windows(),
               .clock = services.clock});
  RegisterCostAllocationApi(router, AllocationOf(services));
  RegisterAnomaliesApi(router, AnomaliesOf(services));
  RegisterWarmUpApi(router, [&services] { return services.warm_up->View(); });
  RegisterSloApi(router,
                 {[&services] { return services.slos->Views(); },
                  [&services](const std::string& name) { return services.slos->Show(name); }});
  RegisterWorkloadApis(router, services);
  RegisterStateSeriesApi(router, services.store->windows());
  RegisterOpenApi(router);
  RegisterProductErrors(router);
  metrics.Register(router);
  RegisterStatusPage(
      router, {[&services] { return services.store->Stats(); },
               [&services] { return services.rules->Snapshot(); }, *services.desk, services.clock,
               ThisBuild(), started_at, [&services] { return services.Outcome().error; },
               [&services] { return FailingEntries(services); }});
  RegisterGraphPage(router,
                    {[&services](const std::string& text) { return Evaluate(services, text); }});
}

}  // namespace outrider
