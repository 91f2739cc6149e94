// SPDX-License-Identifier: Apache-2.0
// From an alert that begins to fire to the first byte at its receiver: 1,000 alerts a second, each a
// group of its own with group_wait 0, through the desk on RocksDB, the dispatcher's threads, libcurl
// and a TCP connection to a server in this process. Prints the percentiles.
//   alert_latency [alerts a second, default 1000] [seconds, default 10] [directory for the state]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <vector>

#include "notifiers/channel/http_outcome.h"
#include "notifiers/desk/desk.h"
#include "notifiers/transport/http_client.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/state/rocksdb_store.h"
#include "tests/support/loopback_server.h"

namespace outrider {
namespace {

// Answers 200 and notes when the first byte of each message came, by the alert's number.
class Target {
 public:
  explicit Target(const Clock& clock)
      : clock_(clock), server_([this](LoopbackConnection& peer) { Serve(peer); }) {}
  std::string Url() const { return fmt::format("http://127.0.0.1:{}/", server_.port()); }
  std::vector<std::pair<int64_t, Nanos>> Arrivals() const {
    const std::lock_guard lock(mutex_);
    return arrivals_;
  }

 private:
  void Serve(LoopbackConnection& peer) {
    std::string line;
    while (peer.ReadLine(&line)) {  // the request line: POST /<number>
      const Nanos came = clock_.NowNanos();
      const size_t slash = line.find('/');
      const auto number = ParseInt(line.substr(slash + 1, line.find(' ', slash) - slash - 1));
      size_t length = 0;
      while (peer.ReadLine(&line) && !line.empty()) {
        if (ToLower(line).starts_with("content-length:")) {
          length = static_cast<size_t>(ParseInt(Trim(line.substr(15))).value_or(0));
        }
      }
      std::string body;
      if (!peer.ReadBytes(length, &body)) return;
      {
        const std::lock_guard lock(mutex_);
        arrivals_.emplace_back(number.value_or(-1), came);
      }
      if (!peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) return;
    }
  }

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<std::pair<int64_t, Nanos>> arrivals_;
  LoopbackServer server_;
};

class Poster final : public Channel {
 public:
  Poster(HttpClient& http, std::string url, const Clock& clock)
      : http_(http), url_(std::move(url)), clock_(clock) {}
  SendResult Send(const Notification& notification) override {
    HttpClientRequest request;
    request.url = url_ + std::string(notification.alerts[0].labels.Get("number"));
    request.body = std::string(1000, 'x');
    request.headers = {{"Idempotency-Key", notification.idempotency_key}};
    return HttpOutcome(request, http_.Do(request), clock_.NowNanos());
  }
  bool Idempotent() const override { return true; }

 private:
  HttpClient& http_;
  const std::string url_;
  const Clock& clock_;
};

DeskConfig MakeConfig(HttpClient& http, const std::string& url, const Clock& clock) {
  DeskConfig config;
  RouteConfig& root = config.alertmanager.route;
  root.receiver = "target";
  root.key = "{}";
  root.group_by = {"number"};
  root.group_wait = 0;
  config.incidents = DefaultIncidentsConfig();
  std::vector<Receiver> receivers(1);
  receivers[0].name = "target";
  Integration integration;
  integration.kind = "webhook";
  integration.channel = std::make_unique<Poster>(http, url, clock);
  receivers[0].integrations.push_back(std::move(integration));
  config.receivers = std::make_shared<const Receivers>(std::move(receivers));
  return config;
}

// Posts at an even rate; returns when each was posted.
std::vector<Nanos> Post(Desk& desk, const Clock& clock, int64_t rate, int64_t seconds) {
  std::vector<Nanos> posted;
  const Nanos start = clock.NowNanos();
  for (int64_t i = 0; i < rate * seconds; ++i) {
    clock.SleepUntil(start + i * kNanosPerSecond / rate, {});
    Alert alert;
    alert.labels = Labels(
        {{"alertname", "Latency"}, {"number", std::to_string(i)}, {"severity", "warning"}});
    posted.push_back(clock.NowNanos());
    if (!desk.PostAlerts({&alert, 1}, posted.back()).ok()) std::abort();
  }
  return posted;
}

int Measure(int64_t rate, int64_t seconds, const std::string& directory) {
  const SystemClock clock;
  SystemRandom random;
  const auto http = MakeCurlHttpClient();
  Target target(clock);
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  const auto store = OpenRocksDbStore(directory).value();
  const auto desk =
      Desk::Load(*store, random, MakeConfig(*http, target.Url(), clock), clock.NowNanos()).value();
  Dispatcher dispatcher(*desk, clock);
  desk->SetWakeDispatcher([&] { dispatcher.Wake(); });
  dispatcher.Start();
  std::jthread timers([&](std::stop_token stop) { desk->RunTimers(clock, std::move(stop)); });
  const std::vector<Nanos> posted = Post(*desk, clock, rate, seconds);
  for (int i = 0; i < 600 && target.Arrivals().size() < posted.size(); ++i) {
    clock.SleepUntil(clock.NowNanos() + 50 * kNanosPerMilli, {});
  }
  timers.request_stop();
  timers.join();
  dispatcher.Stop();
  std::vector<double> millis;
  for (const auto& [number, came] : target.Arrivals()) {
    if (number < 0) continue;
    millis.push_back(static_cast<double>(came - posted[static_cast<size_t>(number)]) /
                     kNanosPerMilli);
  }
  std::sort(millis.begin(), millis.end());
  const StoreStats stats = store->Stats();
  fmt::print("{} alerts at {}/s, {} arrived, {} commits, {} of them synced\n", posted.size(), rate,
             millis.size(), stats.commits, stats.synced_commits);
  if (millis.empty()) return 1;
  const auto at = [&](double share) {
    return millis[static_cast<size_t>(share * static_cast<double>(millis.size() - 1))];
  };
  fmt::print("ms: p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  max {:.1f}\n", at(0.5), at(0.9), at(0.99),
             millis.back());
  std::filesystem::remove_all(directory);
  return millis.size() == posted.size() ? 0 : 1;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  using outrider::ParseInt;
  outrider::SetUpLog(outrider::LogLevel::kError, outrider::LogFormat::kLogfmt);
  const int64_t rate = argc > 1 ? ParseInt(argv[1]).value_or(1000) : 1000;
  const int64_t seconds = argc > 2 ? ParseInt(argv[2]).value_or(10) : 10;
  return outrider::Measure(rate, seconds, argc > 3 ? argv[3] : "alert_latency.state");
}
