// SPDX-License-Identifier: Apache-2.0
// outrider demo: a real daemon in this process, and a world that sends it remote write over HTTP.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/demo_config.h"
#include "exporter/cli/demo_world.h"
#include "exporter/cli/proc_host.h"
#include "exporter/cli/signals.h"
#include "exporter/daemon/app.h"
#include "exporter/ingest/encode_v1.h"
#include "notifiers/transport/http_client.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr DurationMs kScrape = 2 * kSecond;
constexpr DurationMs kHistory =
    2 * kHour;  // sent at once at the start, so that there are trends to see
constexpr DurationMs kHistoryStep = 15 * kSecond;
constexpr size_t kBatch = 2000;

// Sends samples to the daemon as an agent would.
class Sender {
 public:
  explicit Sender(int port)
      : url_(fmt::format("http://127.0.0.1:{}/api/v1/write", port)), http_(MakeCurlHttpClient()) {}

  Status Send(std::span<const LabeledSample> samples) {
    while (!samples.empty()) {
      const size_t n = std::min(kBatch, samples.size());
      HttpClientRequest request;
      request.url = url_;
      request.headers = {{"Content-Type", "application/x-protobuf"},
                         {"Content-Encoding", "snappy"},
                         {"User-Agent", "outrider-demo"},
                         {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
      request.body = EncodeWriteRequest(samples.first(n));
      const HttpClientResponse response = TRY(http_->Do(request));
      if (response.status != 204)
        return Internal(fmt::format("{}: {}", response.status, response.body));
      samples = samples.subspan(n);
    }
    return absl::OkStatus();
  }

 private:
  std::string url_;
  std::unique_ptr<HttpClient> http_;
};

Status SendHistory(const DemoWorld& world, Sender* sender, Timestamp now) {
  std::vector<LabeledSample> batch;
  for (Timestamp t = now - kHistory; t < now; t += kHistoryStep) {
    const auto scrape = world.At(t);
    batch.insert(batch.end(), scrape.begin(), scrape.end());
  }
  return sender->Send(batch);
}

// Scrapes the world and this machine until stopped.
void SendLive(const DemoWorld& world, Sender* sender, const Clock& clock, std::stop_token stop) {
  const std::string machine = MachineName();
  Nanos next = clock.NowNanos();
  while (clock.SleepUntil(next, stop)) {
    next += kScrape * kNanosPerMilli;
    const Timestamp now = clock.Now();
    std::vector<LabeledSample> scrape = world.At(now);
    const auto host = HostSamples(ReadProc(), machine, now);
    scrape.insert(scrape.end(), host.begin(), host.end());
    if (const Status sent = sender->Send(scrape); !sent.ok()) {
      LogWarn("the demo's world could not send", {{"err", Message(sent)}});
    }
  }
}

void Greet(int port, const std::string& directory) {
  fmt::print(
      "\nOutrider's demo is running. In about 20 seconds the service `checkout` begins to fail; it "
      "recovers a minute "
      "later.\n\n"
      "  page        http://localhost:{0}/\n"
      "  metrics     http://localhost:{0}/metrics\n"
      "  incidents   outrider incident list --url http://localhost:{0}\n"
      "  a query     outrider query instant --url http://localhost:{0} "
      "'topk(3, outrider_anomaly_score)'\n"
      "  alerts      amtool --alertmanager.url=http://localhost:{0} alert\n"
      "  Grafana     add http://localhost:{0} as a Prometheus data source\n\n"
      "Everything lies in {1} and is removed at the end. Ctrl-C ends the demo.\n\n",
      port, directory);
  std::fflush(stdout);
}

struct Scratch {
  std::string path;
  ~Scratch() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
  }
};

StatusOr<std::string> MakeScratch() {
  std::string pattern = (std::filesystem::temp_directory_path() / "outrider-demo-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return Internal("cannot create a directory " + pattern);
  return pattern;
}

// A first, short run takes in the world's last two hours; the second one starts as after any
// restart, with trends and recommendations computed from what was kept.
Status FillHistory(const AppOptions& options, Timestamp start, const Environment& env) {
  SetUpLog(LogLevel::kError, LogFormat::kLogfmt);
  const auto app = TRY(App::Start(options, env.clock, env.random));
  Sender sender(app->Port());
  const Status sent = SendHistory(DemoWorld(start), &sender, start);
  app->Stop();
  SetUpLog(LogLevel::kInfo, LogFormat::kLogfmt);
  return sent;
}

Status Demo(const DemoOptions& options, const Environment& env) {
  const DurationMs run_for = options.run_for.empty() ? 0 : TRY(ParseDuration(options.run_for));
  const SignalWaiter signals;
  const Scratch scratch{TRY(MakeScratch())};
  TRY(WriteDemoConfig(scratch.path));
  AppOptions app_options;
  app_options.config_file = scratch.path + "/outrider.yml";
  app_options.storage_path = scratch.path + "/data";
  app_options.listen_addresses = options.listen_addresses;
  TRY(FillHistory(app_options, env.clock.Now(), env));
  const auto app = TRY(App::Start(app_options, env.clock, env.random));
  const DemoWorld world(env.clock.Now());
  Sender sender(app->Port());
  Greet(app->Port(), scratch.path);
  std::jthread live([&](std::stop_token stop) { SendLive(world, &sender, env.clock, stop); });
  signals.Wait(run_for);
  fmt::print("\nThe demo ends.\n");
  live.request_stop();
  live.join();
  app->Stop();
  return absl::OkStatus();
}

}  // namespace

int RunDemo(const DemoOptions& options, const Environment& env) {
  SetUpLog(LogLevel::kInfo, LogFormat::kLogfmt);
  const Status status = Demo(options, env);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace outrider
