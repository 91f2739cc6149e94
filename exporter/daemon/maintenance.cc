// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/maintenance.h"

#include <malloc.h>

#include <set>

#include "exporter/daemon/start_pages.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr DurationMs kTick = kSecond;
constexpr DurationMs kComplainEvery = kMinute;
constexpr DurationMs kTrimEvery = 30 * kSecond;
constexpr DurationMs kCountKeptEvery = kMinute;
constexpr DurationMs kSaveEvery = 2 * kMinute;

// What was counted since the last time is read anew from the windows after a crash.
void SaveSlos(Services& services, Durability durability) {
  const Status saved = services.slos->Save(durability);
  if (!saved.ok()) LogError("the events of objectives cannot be saved", {{"err", Message(saved)}});
}

// Writes the own metrics and ends those that are gone.
class SelfMonitor {
 public:
  SelfMonitor(const OwnMetrics& metrics, Appender& appender)
      : metrics_(metrics), appender_(appender) {}

  void Run(Timestamp now) {
    MetricSink sink;
    metrics_(sink);
    std::vector<LabeledSample> samples = ToSamples(sink.Take(), now);
    std::set<Labels> current;
    for (const LabeledSample& sample : samples) current.insert(sample.labels);
    for (const Labels& labels : last_) {
      if (!current.contains(labels)) samples.push_back({labels, {now, StaleNan()}});
    }
    last_ = std::move(current);
    appender_.AppendBatch(samples, Origin::kLocal, now);
  }

 private:
  const OwnMetrics& metrics_;
  Appender& appender_;
  std::set<Labels> last_;
};

// Who gets a summary is as in the configuration of the last load.
void SendSummaries(Services& services, const Config& config, Timestamp now,
                   Timestamp* last_complaint) {
  const Status sent = services.summary->Tick(config.summary, services.external_url, now);
  if (sent.ok() || now - *last_complaint < kComplainEvery) return;
  LogError("the weekly summaries cannot be queued", {{"err", Message(sent)}});
  *last_complaint = now;
}

// `last_complaint` may be null: complains always.
void SaveAnalytics(Services& services, Timestamp now, AnalyticsEngine::Part part,
                   Timestamp* last_complaint) {
  const Status saved = services.analytics->Checkpoint(now, part);
  if (saved.ok() || (last_complaint != nullptr && now - *last_complaint < kComplainEvery)) return;
  LogError("the state of the analytics cannot be saved", {{"err", Message(saved)}});
  if (last_complaint != nullptr) *last_complaint = now;
}

void SaveCapacity(Services& services, Timestamp now, CapacityEngine::Part part,
                  Timestamp* last_complaint) {
  const Status saved = services.capacity->Save(now, part);
  if (saved.ok() || (last_complaint != nullptr && now - *last_complaint < kComplainEvery)) return;
  LogError("what workloads need cannot be saved", {{"err", Message(saved)}});
  if (last_complaint != nullptr) *last_complaint = now;
}

}  // namespace

bool IsRunDue(Timestamp now, Timestamp next, DurationMs interval) {
  return now >= next || next - now > interval;
}

std::vector<LabeledSample> ToSamples(const std::vector<MetricFamilyData>& families, Timestamp now) {
  std::vector<LabeledSample> samples;
  const auto add = [&](const std::string& name, const MetricPoint& point, double value) {
    samples.push_back(
        {point.labels->With(kMetricName, name).With("job", "outrider"), {now, value}});
  };
  for (const MetricFamilyData& family : families) {
    // The others come back through the Prometheus that scrapes us.
    if (!family.name.starts_with("outrider_")) continue;
    for (const MetricPoint& point : family.points) {
      if (point.distribution == nullptr) {
        add(family.name, point, point.value);
      } else {
        add(family.name + "_count", point, static_cast<double>(point.distribution->count));
        add(family.name + "_sum", point, point.distribution->sum);
      }
    }
  }
  return samples;
}

void RunMaintenance(Services& services, const OwnMetrics& own_metrics, DurationMs interval,
                    std::stop_token stop) {
  const Clock& clock = services.clock;
  services.capacity->Rebuild(clock.Now());
  services.analytics->Rebuild(clock.Now());
  services.slos->Rebuild(clock.Now());
  SelfMonitor self_monitor(own_metrics, services.store->appender());
  Timestamp next_run = clock.Now();
  Timestamp last_complaint = 0;
  Timestamp last_trim = clock.Now();
  Timestamp last_kept = 0;
  Timestamp last_save = clock.Now();
  Nanos released_for = 0;  // which load
  Nanos next_tick = clock.NowNanos();
  while (clock.SleepUntil(next_tick, stop)) {
    const Timestamp now = clock.Now();
    next_tick = (now + kTick) * kNanosPerMilli;
    if (now < last_save) last_save = now;  // the clock was set back
    const Status maintained = services.store->Maintain(now);
    if (!maintained.ok() && now - last_complaint >= kComplainEvery) {
      LogError("the windows cannot be written to disk", {{"err", Message(maintained)}});
      last_complaint = now;
    }
    if (now - last_trim >= kTrimEvery) {
      malloc_trim(0);  // what a large query left free between live blocks
      last_trim = now;
    }
    if (now - last_kept >= kCountKeptEvery) {
      services.CountKept();
      last_kept = now;
    }
    services.monitor->Tick(now);
    if (!IsRunDue(now, next_run, interval)) continue;
    next_run = now - now % interval + interval;
    services.pricing->Run(now);
    services.capacity->Run(now);
    services.cost->Run(now);
    const LoadOutcome outcome = services.Outcome();
    const Config& config = outcome.config;
    services.vpa_series.Publish(config.vpa_metrics ? services.capacity->Recommendations()
                                                   : std::vector<Recommendation>());
    services.analytics->Run(now);
    services.slos->Run(now);
    services.derived.Flush(services.store->appender(), now);
    self_monitor.Run(now);
    SendSummaries(services, config, now, &last_complaint);
    SaveAnalytics(services, now, AnalyticsEngine::Part::kNext, &last_complaint);
    SaveCapacity(services, now, CapacityEngine::Part::kNext, &last_complaint);
    if (now - last_save >= kSaveEvery) {
      SaveSlos(services, Durability::kBuffered);
      last_save = now;
    }
    // Everything has run once since the files were read.
    if (outcome.loaded_at != released_for) ReleaseStartPages();
    released_for = outcome.loaded_at;
  }
  SaveAnalytics(services, clock.Now(), AnalyticsEngine::Part::kAll, nullptr);
  SaveCapacity(services, clock.Now(), CapacityEngine::Part::kAll, nullptr);
  SaveSlos(services, Durability::kSynced);
  if (const Status saved = services.cost->Save(Durability::kSynced); !saved.ok()) {
    LogError("costs cannot be saved", {{"err", Message(saved)}});
  }
}

}  // namespace outrider
