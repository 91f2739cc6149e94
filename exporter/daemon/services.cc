// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/services.h"

#include <fmt/format.h>

#include "exporter/access/password.h"
#include "exporter/daemon/build_info.h"
#include "exporter/daemon/references.h"
#include "exporter/daemon/team_owners.h"
#include "notifiers/hooks/hook_routes.h"
#include "notifiers/transport/oauth2.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/state/opening_store.h"
#include "storage/state/rocksdb_store.h"

namespace outrider {
namespace {

// Of Family::kMeta: stands there while the last start was in shadow.
constexpr std::string_view kShadowKey = "shadow";

constexpr int64_t kMaxConcurrentReads = 10;

promql::EngineOptions EngineOptionsOf(const Config& config) {
  promql::EngineOptions options;
  options.lookback = config.query.lookback;
  options.timeout = config.query.timeout;
  options.max_samples = static_cast<size_t>(config.query.max_samples);
  options.default_subquery_step = config.global.evaluation_interval;
  options.delayed_name_removal = config.query.features.delayed_name_removal;
  options.use_start_timestamps = config.query.features.use_start_timestamps;
  return options;
}

GuardOptions GuardOptionsOf(const Config::Ingest& config) {
  GuardOptions guard;
  guard.sender_header = config.sender_header;
  const Config::Limits& limits = config.limits;
  guard.limits.max_series = static_cast<uint64_t>(limits.series);
  guard.limits.max_series_per_sender = static_cast<uint64_t>(limits.series_per_sender);
  guard.limits.max_samples_per_second = static_cast<uint64_t>(limits.samples_per_second);
  guard.limits.max_label_names = static_cast<size_t>(limits.label_names);
  guard.limits.max_label_name_length = static_cast<size_t>(limits.label_name_length);
  guard.limits.max_label_value_length = static_cast<size_t>(limits.label_value_length);
  guard.limits.max_body_bytes = static_cast<size_t>(limits.body_bytes);
  guard.ha.enabled = config.ha_dedup.enabled;
  guard.ha.cluster_label = config.ha_dedup.cluster_label;
  guard.ha.replica_label = config.ha_dedup.replica_label;
  guard.ha.failover_timeout = config.ha_dedup.failover_timeout;
  return guard;
}

IngestStoreOptions StoreOptionsOf(const Config& config, const std::string& path) {
  IngestStoreOptions options;
  options.path = path;
  options.retention = config.storage.retention;
  options.unreferenced_retention = config.storage.unreferenced_retention;
  options.min_free_bytes = static_cast<uint64_t>(config.storage.min_free_bytes);
  options.segment_bytes = static_cast<uint64_t>(config.storage.segment_bytes);
  options.memory_limit = static_cast<uint64_t>(config.storage.memory_limit_bytes);
  options.decoded_cache = static_cast<uint64_t>(config.storage.decoded_cache_bytes);
  options.sync_writes = config.storage.wal_sync == 0;
  options.out_of_order_window = config.ingest.out_of_order_window;
  options.remote_write.max_bytes_in_flight =
      static_cast<uint64_t>(config.ingest.max_in_flight_bytes);
  options.guard = GuardOptionsOf(config.ingest);
  return options;
}

CapacityOptions CapacityOptionsOf(const Config& config, const ResourcePrice& price) {
  CapacityOptions options;
  options.provider = price.provider;
  options.region = price.region;
  options.core_hour_dollars = price.rates.core_hour.ToDouble();
  options.gib_hour_dollars = price.rates.gib_hour.ToDouble();
  options.minimum_coverage = config.cost.minimum_coverage;
  options.policy = config.cost.recommendations.policy;
  options.cpu_rails = config.cost.recommendations.cpu;
  options.memory_rails = config.cost.recommendations.memory;
  options.workloads = CombineSources(config.cost.workloads);
  return options;
}

CostSettings CostSettingsOf(const Config& config) {
  CostSettings options = config.cost.options;
  options.cluster = config.global.external_labels.Get("cluster");
  return options;
}

// The notification log is kept as it is when shadow begins or ends, so that neither tells
// everything again; people should know which of it was never sent.
Status NoteShadow(StateStore& state, bool shadow) {
  const bool was_shadow = TRY(state.Get(Family::kMeta, kShadowKey)).has_value();
  if (shadow) {
    LogWarn("shadow: notifications are decided and recorded, and none is sent");
  } else if (was_shadow) {
    LogWarn(
        "shadow has ended: what was decided meanwhile counts as told, and is told again when it "
        "changes or at its repeat_interval");
  }
  if (shadow == was_shadow) return absl::OkStatus();
  Batch batch;
  if (shadow) {
    batch.Put(Family::kMeta, std::string(kShadowKey), "1");
  } else {
    batch.Delete(Family::kMeta, std::string(kShadowKey));
  }
  return state.Commit(batch, Durability::kSynced);
}

// Settings that a reload cannot change are named, so that nobody waits for them.
void WarnOfRestartOnly(const Config& running, const Config& loaded) {
  const auto warn = [](const char* what) {
    LogWarn("this section differs from what runs; it needs a restart", {{"section", what}});
  };
  if (running.storage != loaded.storage) warn("storage");
  if (loaded.cost.NeedsRestart(running.cost)) warn("cost");
  if (running.query != loaded.query) warn("query");
  if (running.ingest != loaded.ingest) warn("ingest");
  if (loaded.rules.NeedsRestart(running.rules)) warn("rules");
  if (running.analytics != loaded.analytics) warn("analytics");
}

}  // namespace

Services::Services(const Clock& the_clock, Random& the_random, const Config& config,
                   const AppOptions& options, std::string url)
    : clock(the_clock),
      random(the_random),
      external_url(std::move(url)),
      http(MakeOAuth2HttpClient(MakeCurlHttpClient(), the_clock)),
      smtp(MakeCurlSmtpClient()),
      notify_http(LimitHttp(*http, call_limits, the_clock)),
      notify_smtp(LimitSmtp(*smtp, call_limits, the_clock)),
      engine(EngineOptionsOf(config), the_clock),
      parser(config.query.features.parser),
      queries(config.query.max_concurrency, the_clock),
      reads(kMaxConcurrentReads, the_clock),
      am_meter(the_clock, options.get_concurrency) {}

StatusOr<std::unique_ptr<Services>> Services::Make(const LoadedFiles& files,
                                                   const AppOptions& options,
                                                   const std::string& external_url,
                                                   const Clock& clock, Random& random,
                                                   std::unique_ptr<StateStore> given_state) {
  const Config& config = files.config;
  std::unique_ptr<Services> self(new Services(clock, random, config, options, external_url));
  WebConfig web = TRY(LoadWebConfig(options.web_config_file));
  self->web_config_file_ = options.web_config_file;
  self->features_ = options.features;
  self->flags_ = options.alertmanager;
  TRY(MakeDirectories(options.storage_path));
  self->state = std::move(given_state);
  const OpeningStore* opening = nullptr;
  if (self->state == nullptr) {
    auto late = std::make_unique<OpeningStore>(
        [path = options.storage_path + "/state"] { return OpenRocksDbStore(path); });
    opening = late.get();
    self->state = std::move(late);
  }
  TRY(self->MakeReaders(files, options));
  if (opening != nullptr) {
    // Reading the log takes longest, and reads only: nothing is written before the store is open,
    // which sees to it that there is one process.
    self->loading_ = std::async(
        std::launch::async, [store = self->store.get(), references = self->ReferencesOf(files)] {
          return store->Load(references);
        });
    TRY(opening->Wait());
  }
  self->people_ = PeoplePart(files);
  TRY(self->LoadDirectoryInto(&self->people_));
  DeskConfig desk_config =
      TRY(MakeDeskConfig(self->people_, {*self->notify_http, *self->notify_smtp, clock},
                         options.alertmanager, external_url));
  self->hooks = TRY(HookStore::Open(*self->state, random, {.age = config.webhook_log_retention}));
  {
    const absl::MutexLock lock(&self->hook_mutex_);
    self->hook_networks_ = config.webhook_networks;
  }
  TRY(self->AddHooks(self->ToolsOfHooks(), &desk_config));
  self->desk = TRY(Desk::Load(*self->state, random, std::move(desk_config), clock.NowNanos()));
  self->desk->Watch(clock);
  {
    const absl::MutexLock lock(&self->reload_mutex_);
    self->counts_ = CountsOf(files, web.users.size());
  }
  TRY(self->MakeAccess(options, std::move(web)));
  self->workloads = std::make_unique<WorkloadEngine>(
      self->store->windows(), self->capacity->workloads(), self->derived, *self->state);
  TRY(self->workloads->Restore());
  self->capacity->SetObserver(self->workloads.get());
  self->monitor = std::make_unique<WorkloadMonitor>(
      [workloads = self->workloads.get()] { return workloads->Findings(); }, *self->state);
  TRY(self->monitor->Restore());
  TRY(self->MakeCost(config));
  self->summary = std::make_unique<SummarySender>(
      *self->desk, *self->state,
      SummarySources{[capacity = self->capacity.get()] { return capacity->Recommendations(); },
                     [capacity = self->capacity.get()] { return capacity->Costs(); },
                     [cost = self->cost.get()](const SummaryTarget& target) {
                       return RealisedPerMonth(cost->Savings(), target);
                     },
                     [cost = self->cost.get()] { return cost->currency(); }});
  self->relay = std::make_unique<Relay>(config.relay, *self->http, *self->state, clock);
  TRY(self->relay->Restore());
  RuleManagerOptions rules;
  rules.startup_hold = config.rules.startup_hold;
  rules.strict = config.rules.strict;
  self->rules = std::make_unique<RuleManager>(
      RuleManager::Seams{self->engine, self->store->windows(), self->store->appender(), *self->desk,
                         *self->state, clock, self->relay.get()},
      rules);
  TRY(NoteShadow(*self->state, options.shadow));
  self->dispatcher = std::make_unique<Dispatcher>(
      *self->desk, clock,
      DispatcherOptions{.shadow = options.shadow, .limits = &self->call_limits});
  self->dispatcher->SetDelivery(config.delivery);
  self->desk->SetWakeDispatcher([dispatcher = self->dispatcher.get()] { dispatcher->Wake(); });
  return self;
}

// The windows and what reads them: what they reach for says how long samples are kept.
Status Services::MakeReaders(const LoadedFiles& files, const AppOptions& options) {
  const Config& config = files.config;
  store = TRY(IngestStore::Open(StoreOptionsOf(config, options.storage_path), clock, random));
  const Windows& windows = store->windows();
  std::shared_ptr<const Pricer> pricer = TRY(Pricer::Create(config.cost.pricing, files.prices));
  pricing = std::make_unique<PricingEngine>(pricer, windows, derived);
  capacity = TRY(CapacityEngine::Create(CapacityOptionsOf(config, pricer->Default()), windows,
                                        derived, state.get()));
  capacity->SetPrices([source = pricing.get()] { return source->Book(); });
  AnalyticsOptions analytics_options;
  analytics_options.interval = config.analytics.interval;
  analytics = std::make_unique<AnalyticsEngine>(files.entries, analytics_options,
                                                AnalyticsSeams{.engine = engine,
                                                               .querier = windows,
                                                               .table = derived,
                                                               .workloads = &capacity->workloads(),
                                                               .feed = &windows,
                                                               .state = state.get(),
                                                               .clock = &clock});
  warm_up = std::make_unique<WarmUp>(WarmUpSeams{.engine = *analytics,
                                                 .state = *state,
                                                 .promql = engine.options(),
                                                 .workloads = &capacity->workloads(),
                                                 .clock = clock},
                                     config.analytics.interval);
  warm_up->Plan(files.entries, config.warm_up);
  SloOptions slo_options;
  slo_options.interval = config.analytics.interval;
  slos = std::make_unique<SloEngine>(files.slos, slo_options, engine, windows, derived, *state);
  return absl::OkStatus();
}

Status Services::MakeAccess(const AppOptions& options, WebConfig web) {
  tokens = TRY(TokenStore::Open(*state, random));
  const auto teams_of = [this](Owned owned, const std::string& name) {
    return TeamsOf(*desk, owned, name, clock.NowNanos());
  };
  access = std::make_unique<AccessControl>(
      std::move(web), AccessOptions{{options.allow_anonymous, external_url}, options.route_prefix},
      AccessSeams{*tokens, clock, random, teams_of, PasswordFits});
  return absl::OkStatus();
}

Status Services::MakeCost(const Config& config) {
  const CostSeams seams = {
      .querier = store->windows(),
      .table = derived,
      .store = *state,
      .inventory = *capacity,
      .book = [engine = pricing.get()] { return engine->Book(); },
      .recommendations = [engine = capacity.get()] { return engine->Recommendations(); }};
  cost = std::make_unique<CostEngine>(CostSettingsOf(config), seams);
  runs = std::make_unique<OptimizeRuns>(*state);
  return cost->Restore(clock.Now());
}

RuleContext Services::ContextOf(const Config& config) const {
  return {config.global.evaluation_interval, config.global.query_offset,
          config.global.external_labels,     external_url,
          config.query.features.parser,      config.rules.policies};
}

std::vector<SeriesReference> Services::ReferencesOf(const LoadedFiles& files) const {
  auto references =
      RuleReferences(files.rules, files.config.query.lookback, files.config.global.query_offset);
  for (auto& reference : analytics->Reach()) references.push_back(std::move(reference));
  for (auto& reference : slos->Reach()) references.push_back(std::move(reference));
  for (auto& reference : PricingEngine::Reach()) references.push_back(std::move(reference));
  for (auto& reference : capacity->Reach()) references.push_back(std::move(reference));
  for (auto& reference : CostEngine::Reach()) references.push_back(std::move(reference));
  for (auto& reference : ContainerCounters::Reach()) references.push_back(std::move(reference));
  return references;
}

Services::~Services() {
  if (loading_.valid()) store->GiveUp();
}

Status Services::Load(LoadedFiles files, SourceFiles sources) {
  const absl::MutexLock one_at_a_time(&reload_mutex_);
  TRY(loading_.valid() ? loading_.get() : store->Load(ReferencesOf(files)));
  TRY(rules->Apply(std::move(files.rules), ContextOf(files.config)));
  // Alerts of rules that were deleted while we were down have nobody else who would resolve them.
  TRY(desk->ReconcileRuleAlerts(rules->OwnedAlerts(), clock.NowNanos()));
  Note(StartEvent(files.config.file, ThisBuild().version, counts_));
  running_ = files.config;
  known_rules_ = std::move(files.known);
  loaded_sources_ = sources;
  loaded_ = true;
  const absl::MutexLock lock(&outcome_mutex_);
  sources_ = std::move(sources);
  outcome_.config = std::move(files.config);
  outcome_.loaded_at = clock.NowNanos();
  outcome_.default_receiver = files.default_receiver;
  return absl::OkStatus();
}

HookTools Services::ToolsOfHooks() const {
  const absl::MutexLock lock(&hook_mutex_);
  return {*hooks, *notify_http, clock, hook_networks_};
}

Status Services::AddHooks(const HookTools& tools, DeskConfig* config) const {
  // The receivers of the files lie below those of an earlier call.
  const auto& files =
      config->receivers->base() != nullptr ? config->receivers->base() : config->receivers;
  HookSet set = TRY(MakeHookSet(hooks->List(), config->incidents, tools, files));
  config->receivers = std::move(set.receivers);
  config->api_routes = std::move(set.routes);
  return absl::OkStatus();
}

Status Services::ApplyHooks() {
  const absl::MutexLock one_at_a_time(&reload_mutex_);
  DeskConfig config = *desk->config();
  TRY(AddHooks(ToolsOfHooks(), &config));
  return desk->ReplaceApiRoutes(std::move(config.api_routes), std::move(config.receivers),
                                clock.NowNanos());
}

KnownRules Services::WhatIsKnown() {
  KnownRules known = known_rules_;
  for (const auto& view : rules->Snapshot()) {
    known.groups[view->group->file].push_back(view->group);
  }
  return known;
}

// What runs is not touched before the desk has taken the new configuration: nothing behind that
// fails.
Status Services::TryReload(const std::string& config_file, const ReloadReason& reason,
                           const SourceFiles& sources, bool* files_good) {
  *files_good = false;
  if (!loaded_) return absl::UnavailableError("the start has not ended yet");
  WebConfig web = TRY(LoadWebConfig(web_config_file_));
  LoadedFiles files = TRY(LoadFiles(config_file, features_, WhatIsKnown()));
  LoadCounts counts = CountsOf(files, web.users.size());
  const std::shared_ptr<const DirectoryView> directory = Directory();
  TRY(ApplyDirectory(directory->objects, &files));
  DeskConfig desk_config =
      TRY(MakeDeskConfig(files, {*notify_http, *notify_smtp, clock}, flags_, external_url));
  std::shared_ptr<const Pricer> pricer =
      TRY(Pricer::Create(files.config.cost.pricing, files.prices));
  const std::vector<std::string>& networks = files.config.webhook_networks;
  TRY(AddHooks({*hooks, *notify_http, clock, networks}, &desk_config));
  AuditEvent event =
      ReloadEvent(config_file, reason, ChangedFiles(loaded_sources_, sources), counts_, counts);
  // From here on only the state store can refuse.
  *files_good = true;
  TRY(desk->Reload(std::move(desk_config), clock.NowNanos(), {std::move(event)}, {}));
  {
    const absl::MutexLock lock(&hook_mutex_);
    hook_networks_ = networks;
  }
  access->Replace(std::move(web));
  people_ = PeoplePart(files);
  ShowDirectory(directory->objects, people_);
  WarnOfRestartOnly(running_, files.config);
  for (const std::string& warning : LoadWarnings(files)) LogWarn(warning);
  warm_up->Plan(files.entries, files.config.warm_up);
  analytics->Replace(files.entries, clock.Now());
  slos->Replace(files.slos);
  cost->Replace(CostSettingsOf(files.config));
  relay->Reload(files.config.relay);
  dispatcher->SetDelivery(files.config.delivery);
  pricing->SetPricer(std::move(pricer));
  store->windows().SetReferences(ReferencesOf(files));
  TRY(rules->Apply(std::move(files.rules), ContextOf(files.config)));
  known_rules_ = std::move(files.known);
  counts_ = std::move(counts);
  loaded_sources_ = sources;
  const absl::MutexLock lock(&outcome_mutex_);
  outcome_.config = std::move(files.config);
  outcome_.ok = true;
  outcome_.error.clear();
  outcome_.loaded_at = clock.NowNanos();
  outcome_.default_receiver = files.default_receiver;
  return absl::OkStatus();
}

// The trail is not what a start or a reload fails for.
void Services::Note(AuditEvent event) {
  const std::string text = event.text;
  const Status noted = desk->Configure(std::move(event), {}, clock.NowNanos());
  if (!noted.ok()) {
    LogWarn("the audit trail could not be written", {{"what", text}, {"err", Message(noted)}});
  }
}

Status Services::Reload(const std::string& config_file, const ReloadReason& reason) {
  const absl::MutexLock one_at_a_time(&reload_mutex_);
  const bool asked = reason.asked;
  SourceFiles sources = ReadSources(SourcePatterns(config_file, Sources().patterns));
  bool files_good = false;
  const Status status = TryReload(config_file, reason, sources, &files_good);
  if (status.ok()) {
    LogInfo("configuration reloaded",
            {{"file", config_file}, {"because", asked ? "asked to" : "files changed"}});
    const absl::MutexLock lock(&outcome_mutex_);
    sources_ = std::move(sources);
    refused_at_.reset();
    return status;
  }
  const std::string error = Message(status);
  // A file that is mended in steps may say the same several times.
  if (asked || error != Outcome().error) {
    LogError("reload failed, the old configuration stays", {{"err", error}});
    Note(RefusedEvent(config_file, reason, error));
  }
  const absl::MutexLock lock(&outcome_mutex_);
  sources_ = std::move(sources);
  refused_at_ = files_good ? std::optional<Nanos>(clock.NowNanos()) : std::nullopt;
  outcome_.ok = false;
  outcome_.error = error;
  return status;
}

SourceFiles Services::Sources() const {
  const absl::MutexLock lock(&outcome_mutex_);
  return sources_;
}

std::optional<Nanos> Services::RefusedAt() const {
  const absl::MutexLock lock(&outcome_mutex_);
  return refused_at_;
}

void Services::CountKept() {
  UsageByKind fresh = KeptByKind(store->windows());
  const absl::MutexLock lock(&kept_mutex_);
  kept_.swap(fresh);
}

UsageByKind Services::Kept() const {
  const absl::MutexLock lock(&kept_mutex_);
  return kept_;
}

LoadOutcome Services::Outcome() const {
  const absl::MutexLock lock(&outcome_mutex_);
  return outcome_;
}

}  // namespace outrider
