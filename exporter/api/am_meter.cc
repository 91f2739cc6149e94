// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/am_meter.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

template <size_t N>
void Observe(const std::array<double, N>& bounds, double value, AmApiStats::Spread<N>* spread) {
  const auto bound = std::ranges::lower_bound(bounds, value);
  ++spread->counts[static_cast<size_t>(bound - bounds.begin())];
  spread->sum += value;
  ++spread->count;
}

// The pattern, with a parameter written as Alertmanager writes it.
std::string HandlerName(const HttpRequest& request) {
  return request.route == "/api/v2/silence/:id" ? "/api/v2/silence/{silenceID}" : request.route;
}

// One GET while it runs.
class Running {
 public:
  explicit Running(std::atomic<int64_t>* count) : count_(count), number_(++*count) {}
  ~Running() { --*count_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  int64_t number() const { return number_; }

 private:
  std::atomic<int64_t>* count_;
  const int64_t number_;
};

}  // namespace

HttpResponse AmMeter::Run(HttpRequest& request, const HttpHandler& next) {
  std::optional<Running> running;
  if (request.method == "GET") running.emplace(&gets_);
  if (running && get_concurrency_ > 0 && running->number() > get_concurrency_) {
    const absl::MutexLock lock(&mutex_);
    ++stats_.limit_exceeded;
    return HttpResponse::Text(
        503, fmt::format("Limit of concurrent GET requests reached ({}), try again later.\n",
                         get_concurrency_));
  }
  const int64_t begun = clock_.MonotonicNanos();
  HttpResponse response = next(request);
  const int64_t took = clock_.MonotonicNanos() - begun;
  const std::string handler = HandlerName(request);
  const std::string method = ToLower(request.method);
  const absl::MutexLock lock(&mutex_);
  Observe(AmApiStats::kSecondsBounds, static_cast<double>(took) / kNanosPerSecond,
          &stats_.seconds[{handler, method, response.status}]);
  Observe(AmApiStats::kBytesBounds, static_cast<double>(response.body.size()),
          &stats_.bytes[{handler, method}]);
  return response;
}

void AmMeter::CountAlerts(const AmAlertCounts& counts) {
  const absl::MutexLock lock(&mutex_);
  stats_.alerts.firing += counts.firing;
  stats_.alerts.resolved += counts.resolved;
  stats_.alerts.invalid += counts.invalid;
  stats_.alerts.limited += counts.limited;
}

AmApiStats AmMeter::Stats() const {
  const absl::MutexLock lock(&mutex_);
  AmApiStats stats = stats_;
  stats.gets_in_flight = gets_.load();
  return stats;
}

}  // namespace outrider
