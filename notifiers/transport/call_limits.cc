// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/call_limits.h"

#include <algorithm>

namespace outrider {
namespace {

// Milliseconds until the deadline, rounded up; at most `timeout`. 0: it has passed.
DurationMs TimeLeft(Nanos deadline, DurationMs timeout, Nanos now) {
  if (deadline == 0) return timeout;
  if (now >= deadline) return 0;
  return std::min(timeout, (deadline - now + kNanosPerMilli - 1) / kNanosPerMilli);
}

class LimitedHttp final : public HttpClient {
 public:
  LimitedHttp(HttpClient& inner, const CallLimits& limits, const Clock& clock)
      : inner_(inner), limits_(limits), clock_(clock) {}
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    const CallLimit limit = limits_.Current();
    if (limit.deadline == 0 && !limit.stop.stop_possible()) return inner_.Do(request);
    HttpClientRequest limited = request;
    limited.timeout = TimeLeft(limit.deadline, request.timeout, clock_.NowNanos());
    if (limited.timeout <= 0) return absl::DeadlineExceededError("no time is left to send it");
    if (!limited.stop.stop_possible()) limited.stop = limit.stop;
    return inner_.Do(limited);
  }

 private:
  HttpClient& inner_;
  const CallLimits& limits_;
  const Clock& clock_;
};

class LimitedSmtp final : public SmtpClient {
 public:
  LimitedSmtp(SmtpClient& inner, const CallLimits& limits, const Clock& clock)
      : inner_(inner), limits_(limits), clock_(clock) {}
  MailResult Send(const MailRequest& request) override {
    const CallLimit limit = limits_.Current();
    if (limit.deadline == 0 && !limit.stop.stop_possible()) return inner_.Send(request);
    MailRequest limited = request;
    limited.timeout = TimeLeft(limit.deadline, request.timeout, clock_.NowNanos());
    if (limited.timeout <= 0) {
      MailResult late;
      late.error = "no time is left to send it";
      return late;
    }
    if (!limited.stop.stop_possible()) limited.stop = limit.stop;
    return inner_.Send(limited);
  }

 private:
  SmtpClient& inner_;
  const CallLimits& limits_;
  const Clock& clock_;
};

}  // namespace

CallLimits::Scope::Scope(CallLimits& limits, CallLimit limit) : limits_(limits) {
  absl::MutexLock lock(&limits_.mutex_);
  limits_.by_thread_[std::this_thread::get_id()] = std::move(limit);
}

CallLimits::Scope::~Scope() {
  absl::MutexLock lock(&limits_.mutex_);
  limits_.by_thread_.erase(std::this_thread::get_id());
}

CallLimit CallLimits::Current() const {
  absl::MutexLock lock(&mutex_);
  const auto it = by_thread_.find(std::this_thread::get_id());
  return it == by_thread_.end() ? CallLimit() : it->second;
}

std::unique_ptr<HttpClient> LimitHttp(HttpClient& inner, const CallLimits& limits,
                                      const Clock& clock) {
  return std::make_unique<LimitedHttp>(inner, limits, clock);
}

std::unique_ptr<SmtpClient> LimitSmtp(SmtpClient& inner, const CallLimits& limits,
                                      const Clock& clock) {
  return std::make_unique<LimitedSmtp>(inner, limits, clock);
}

}  // namespace outrider
