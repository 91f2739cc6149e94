// SPDX-License-Identifier: Apache-2.0
// Stand-ins for what surrounds the rules of a daemon, as far as a back-test wants them otherwise.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "rules/alerting/alert_sink.h"
#include "storage/base/clock.h"
#include "storage/state/state_store.h"
#include "storage/window/appender.h"
#include "storage/window/querier.h"

namespace outrider {

// Shows of another querier what there was at some time: history is loaded ahead of it.
class AsOfQuerier final : public Querier {
 public:
  explicit AsOfQuerier(const Querier& all) : all_(all) {}
  void SetNow(Timestamp now) { now_ = now; }

  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t max_samples,
                SeriesSet* out) const override;
  Status SelectInPieces(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                        size_t max_samples, SeriesSet* piece,
                        const std::function<Status(SeriesSet&)>& use) const override;
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override;
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> matchers, Timestamp from,
                                                Timestamp to) const override;
  StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                 std::span<const Matcher> matchers, Timestamp from,
                                                 Timestamp to) const override;
  // Everything that is asked for was loaded: no warning about retention.
  Timestamp OldestKept() const override { return std::numeric_limits<Timestamp>::min(); }

 private:
  const Querier& all_;
  Timestamp now_ = std::numeric_limits<Timestamp>::max();
};

// A clock on which every time limit has passed once a stop is requested: a query under way ends.
class StopClock final : public Clock {
 public:
  explicit StopClock(const Clock& real) : real_(real) {}
  // Before anybody uses it.
  void SetStop(std::stop_token stop) { stop_ = std::move(stop); }

  Nanos NowNanos() const override { return real_.NowNanos(); }
  int64_t MonotonicNanos() const override {
    return real_.MonotonicNanos() + (stop_.stop_requested() ? kFar : 0);
  }
  int64_t ThreadCpuNanos() const override { return real_.ThreadCpuNanos(); }
  bool SleepUntil(Nanos deadline, std::stop_token stop) const override {
    return real_.SleepUntil(deadline, std::move(stop));
  }

 private:
  static constexpr int64_t kFar = int64_t{1} << 60;
  const Clock& real_;
  std::stop_token stop_;
};

// Forgets: nothing of a back-test outlives it.
class ForgetfulStore final : public StateStore {
 public:
  StatusOr<std::optional<Row>> Get(Family, std::string_view) const override {
    return std::optional<Row>();
  }
  Status Scan(Family, std::string_view, std::string_view,
              const std::function<bool(const Row&)>&) const override {
    return absl::OkStatus();
  }
  Status Commit(const Batch&, Durability) override { return absl::OkStatus(); }
  StoreStats Stats() const override { return {}; }
};

// What rules told at one time.
struct ToldAlerts {
  Nanos now = 0;
  std::vector<Alert> alerts;
};

class ToldAlertsSink final : public AlertSink {
 public:
  Status OnAlerts(std::span<const Alert> alerts, Batch /*rule_state*/, Nanos now) override {
    told_.push_back({now, {alerts.begin(), alerts.end()}});
    return absl::OkStatus();
  }
  std::vector<ToldAlerts> Take() { return std::exchange(told_, {}); }

 private:
  std::vector<ToldAlerts> told_;
};

// Passes on only what somebody reads.
class ReadAppender final : public Appender {
 public:
  ReadAppender(Appender& to, bool is_read) : to_(to), is_read_(is_read) {}
  AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                           Timestamp now) override {
    if (is_read_) return to_.AppendBatch(samples, origin, now);
    AppendCounts counts;
    counts.accepted = samples.size();
    return counts;
  }

 private:
  Appender& to_;
  const bool is_read_;
};

}  // namespace outrider
