// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/app.h"

#include <fmt/format.h>

#include <thread>

#include "exporter/daemon/auto_reload.h"
#include "exporter/daemon/external_url.h"
#include "exporter/daemon/inotify_watch.h"
#include "exporter/daemon/log_sync.h"
#include "exporter/daemon/maintenance.h"
#include "exporter/daemon/metric_sources.h"
#include "exporter/daemon/routes.h"
#include "exporter/daemon/services.h"
#include "exporter/metrics/metrics_page.h"
#include "exporter/metrics/sources.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string ExternalUrlOf(const AppOptions& options) {
  std::string url =
      ExternalUrl(options.external_url,
                  options.listen_addresses.empty() ? "" : options.listen_addresses.front(),
                  options.route_prefix, MachineHostName());
  if (options.external_url.empty()) {
    LogInfo("no --web.external-url: links in notifications begin with the machine's address",
            {{"url", url}});
  }
  return url;
}

void SayWhatRuns(const LoadedFiles& files, const HttpServer& server) {
  size_t rules = 0;
  for (const RuleFile& file : files.rules) {
    for (const RuleGroup& group : file.groups) rules += group.rules.size();
  }
  LogInfo("configuration loaded",
          {{"rules", fmt::to_string(rules)},
           {"receivers", fmt::to_string(files.alertmanager.receivers.size())},
           {"analytics_entries", fmt::to_string(files.entries.size())}});
  for (const std::string& warning : LoadWarnings(files)) LogWarn(warning);
  if (files.default_receiver) {
    LogWarn("no alerting.config_file: alerts go to the built-in receiver `log` only");
  }
  for (const std::string& address : server.Addresses())
    LogInfo("Listening on", {{"address", address}});
}

}  // namespace

struct App::Impl {
  Impl(const AppOptions& the_options, const Clock& the_clock)
      : options(the_options), clock(the_clock) {}

  // Before the first request: acks begin before the log is replayed.
  void StartLogSync(DurationMs interval) {
    threads.emplace_back([this, interval](std::stop_token stop) {
      RunLogSync([this] { return services->store->SyncLog(); }, clock, interval, stop);
    });
  }

  void StartThreads(const Config& config) {
    for (int64_t i = 0; i < config.rules.max_concurrent_evaluations; ++i) {
      threads.emplace_back([this](std::stop_token stop) { services->rules->RunWorker(stop); });
    }
    threads.emplace_back([this, interval = config.analytics.interval](std::stop_token stop) {
      RunMaintenance(
          *services, [this](MetricSink& sink) { WriteOwnMetrics(*services, server.get(), sink); },
          interval, stop);
    });
    threads.emplace_back([this](const std::stop_token& stop) { services->warm_up->Run(stop); });
    StartAutoReload();
  }

  // Before the samples are back, which may take a while: pages and deadlines that are overdue do
  // not wait for them.
  void StartDesk() {
    threads.emplace_back([this](std::stop_token stop) { services->desk->RunTimers(clock, stop); });
    services->dispatcher->Start();
  }

  void StartAutoReload() {
    if (options.config_file.empty()) return;
    if (StatusOr<std::unique_ptr<InotifyWatch>> opened = InotifyWatch::Open(); opened.ok()) {
      watch = *std::move(opened);
    } else {
      LogWarn("changes of files are not noticed at once, but within half a minute",
              {{"err", Message(opened.status())}});
      watch = std::make_unique<BlindWatch>();
    }
    threads.emplace_back([this](const std::stop_token& stop) {
      const auto enabled = [this] { return services->Outcome().config.global.reload_on_change; };
      const auto patterns = [this] {
        return SourcePatterns(options.config_file, services->Sources().patterns);
      };
      const auto attempted = [this] { return services->Sources().contents; };
      const auto refused_at = [this] { return services->RefusedAt(); };
      const auto reload = [this] {
        (void)services->Reload(options.config_file,
                               {.asked = false, .who = "", .channel = "files"});
      };
      RunAutoReload({*watch, clock, enabled, patterns, attempted, refused_at, reload}, stop);
    });
  }

  const AppOptions options;
  const Clock& clock;
  std::unique_ptr<Services> services;
  MetricsPage metrics;
  Router router;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<FileWatch> watch;  // used by a thread
  std::vector<std::jthread> threads;
  bool stopped = false;
};

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() { Stop(); }

StatusOr<std::unique_ptr<App>> App::Start(const AppOptions& options, const Clock& clock,
                                          Random& random) {
  const Nanos started_at = clock.NowNanos();
  SourceFiles sources = ReadSources(SourcePatterns(options.config_file, {}));
  LoadedFiles files = TRY(LoadFiles(options.config_file, options.features));
  auto impl = std::make_unique<Impl>(options, clock);
  impl->services = TRY(Services::Make(files, options, ExternalUrlOf(options), clock, random));
  impl->metrics.Add([self = impl.get()](MetricSink& sink) {
    WriteOwnMetrics(*self->services, self->server.get(), sink);
    WriteDerivedMetrics(self->services->derived, sink);
  });
  RegisterRoutes(impl->router, *impl->services, impl->metrics, options, started_at);
  impl->StartLogSync(files.config.storage.wal_sync);
  HttpServerOptions server;
  server.listen_addresses = options.listen_addresses;
  server.route_prefix = options.route_prefix;
  server.clock = &clock;
  impl->server = TRY(HttpServer::Start(server, impl->router));
  std::unique_ptr<App> app(new App(std::move(impl)));
  Impl& self = *app->impl_;
  const Config config = files.config;
  SayWhatRuns(files, *self.server);
  self.services->relay->Start();  // alerts that go on over the restart would overflow its queues
  self.StartDesk();
  TRY(self.services->Load(std::move(files), std::move(sources)));
  self.StartThreads(config);
  self.services->ready = true;
  LogInfo("ready", {{"seconds", FormatFloatF(static_cast<double>(clock.NowNanos() - started_at) /
                                             kNanosPerSecond)}});
  return app;
}

Status App::Reload() { return impl_->services->Reload(impl_->options.config_file, {}); }

void App::Stop() {
  Impl& self = *impl_;
  if (self.stopped) return;
  self.stopped = true;
  self.services->ready = false;
  self.services->store->receiver().Close();
  if (self.server != nullptr) self.server->Stop();
  for (std::jthread& thread : self.threads) thread.request_stop();
  self.threads.clear();
  self.services->rules->WriteRest();
  self.services->relay->Stop();
  self.services->dispatcher->Stop();
}

int App::Port() const { return impl_->server->Port(); }

}  // namespace outrider
