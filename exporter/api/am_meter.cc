// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/am_meter.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

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

}  // namespace

// One request until its answer is written whole, or given up.
struct AmMeter::Running {
  Running(AmMeter* of, const HttpRequest& request)
      : meter(of),
        get(request.method == "GET"),
        number(get ? ++of->gets_ : 0),
        begun(of->clock_.MonotonicNanos()),
        handler(HandlerName(request)),
        method(ToLower(request.method)) {}
  ~Running() {
    if (get) --meter->gets_;
    if (status != 0) meter->Count(*this);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  AmMeter* meter;
  const bool get;
  const int64_t number;  // of the GETs that run
  const int64_t begun;
  const std::string handler;
  const std::string method;
  int status = 0;  // 0: it is not counted
  size_t bytes = 0;
};

void AmMeter::Count(const Running& request) {
  const int64_t took = clock_.MonotonicNanos() - request.begun;
  const absl::MutexLock lock(&mutex_);
  Observe(AmApiStats::kSecondsBounds, static_cast<double>(took) / kNanosPerSecond,
          &stats_.seconds[{request.handler, request.method, request.status}]);
  Observe(AmApiStats::kBytesBounds, static_cast<double>(request.bytes),
          &stats_.bytes[{request.handler, request.method}]);
}

HttpResponse AmMeter::Run(HttpRequest& request, const HttpHandler& next) {
  const auto running = std::make_shared<Running>(this, request);
  if (get_concurrency_ > 0 && running->number > get_concurrency_) {
    const absl::MutexLock lock(&mutex_);
    ++stats_.limit_exceeded;
    return HttpResponse::Text(
        503, fmt::format("Limit of concurrent GET requests reached ({}), try again later.\n",
                         get_concurrency_));
  }
  HttpResponse response = next(request);
  running->status = response.status;
  running->bytes = response.body.size();
  if (response.stream) {
    // It runs as long as somebody reads.
    response.stream = [running, rest = std::move(response.stream)](std::string* out) {
      const size_t before = out->size();
      const bool more = rest(out);
      running->bytes += out->size() - before;
      return more;
    };
  }
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
