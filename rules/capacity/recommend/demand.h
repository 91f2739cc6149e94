// SPDX-License-Identifier: Apache-2.0
// What a container of a workload was seen to need: the constant state from which every policy
// recommends. All replicas feed one ContainerDemand; what belongs to one replica (the last sample,
// the memory peak of its day, its own percentile) is a ContainerInstance, which lives as long as
// its pod. Size: some 1.5 KB with its heap (tests/bench/demand_bench), whatever the scrape rate and
// the history.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "rules/capacity/recommend/daily_peaks.h"
#include "rules/capacity/recommend/day_profile.h"
#include "rules/capacity/recommend/decayed_histogram.h"
#include "rules/capacity/recommend/hour_totals.h"
#include "rules/capacity/recommend/pod_percentile.h"
#include "rules/capacity/recommend/promise.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// What is known about a container when a sample is taken. Everything may be unknown.
struct SampleFacts {
  DurationMs age = -1;         // since the container (not the pod) started; -1: not known
  double throttled_ratio = 0;  // of its CFS periods lately, 0 to 1
  double rss = -1;             // memory: bytes without file cache; -1: not known
};

// One container of one pod, through its restarts. Copyable; fixed size.
struct ContainerInstance {
  Timestamp cpu_done = INT64_MIN;     // newest sample that was taken
  Timestamp memory_done = INT64_MIN;  // the same
  // The 24 hours of which one memory peak counts, and that peak.
  Timestamp window_end = INT64_MIN;
  double memory_peak = 0;
  double oom_peak = 0;
  PodPercentile cpu;  // of this pod alone

  void Save(RowWriter& out) const;
  void Load(RowReader& in);
};

// Not thread-safe. Times may go back a little (another replica's sample); each instance's must rise
// or the sample is left out.
class ContainerDemand {
 public:
  // CPU samples this soon after a start do not set the CPU request (policy adaptive).
  static constexpr DurationMs kStartup = 5 * kMinute;

  // False: left out (older than the instance's last, negative or not finite).
  bool AddCpu(Timestamp time, double cores, const SampleFacts& facts, ContainerInstance* instance);
  bool AddMemory(Timestamp time, double bytes, const SampleFacts& facts,
                 ContainerInstance* instance);
  // So much of the memory at that time was no file cache. Times may go back by days.
  void AddResident(Timestamp time, double bytes);
  // The container was killed for its memory. `request` and `limit` 0: none.
  void AddOom(Timestamp time, double request, double limit, ContainerInstance* instance);
  // A Java heap's size as its machine tells: -Xmx and what it holds now. 0: not known.
  void SetHeap(double max_bytes, double committed_bytes);
  // Once, when a pod is gone: its own percentile is kept for 14 days. Not a must.
  void Retire(const ContainerInstance& instance, Timestamp now);
  // Takes along what was put down to a workload that turned out to be another.
  void Merge(const ContainerDemand& other);

  // What cpu_samples() and memory_samples() read, soon.
  void PrefetchCounts() const {
    __builtin_prefetch(&cpu_samples_);
    __builtin_prefetch(&memory_samples_);
  }
  // What a sample of CPU or of memory looks at, soon; then what it finds from there.
  void PrefetchSample(bool cpu) const {
    const auto* at = reinterpret_cast<const char*>(cpu ? static_cast<const void*>(&cpu_peaks_)
                                                       : static_cast<const void*>(&hour_));
    const auto* end = reinterpret_cast<const char*>(cpu ? static_cast<const void*>(&memory_samples_)
                                                        : static_cast<const void*>(&gone_pods_));
    for (; at < end + kLine; at += kLine) __builtin_prefetch(at);
    if (!cpu) return;
    totals_.PrefetchSum();
    profile_.PrefetchTrial();
  }
  void PrefetchWeights(bool cpu) const {
    if (cpu) vpa_cpu_.PrefetchWeights();
    if (cpu) cpu_demand_.PrefetchWeights();
    if (!cpu) memory_use_.PrefetchWeights();
  }

  // Bytes in all, this object and its heap.
  size_t Bytes() const;
  void Save(RowWriter& out) const;  // fields only; the caller's row has the format
  void Load(RowReader& in);         // into a fresh one; errors are the reader's

  // What policies read. VPA's two histograms: every CPU sample, one memory peak per instance and
  // 24 hours.
  const DecayedHistogram<double>& vpa_cpu() const { return vpa_cpu_; }
  const DecayedHistogram<double>& vpa_memory() const { return vpa_memory_; }
  // Use as it would have been without a limit, without start-ups.
  const DecayedHistogram<float>& cpu_demand() const { return cpu_demand_; }
  const DecayedHistogram<float>& memory_use() const { return memory_use_; }  // every sample
  const DayProfile& profile() const { return profile_; }  // CPU demand by time of day

  const HourTotals& totals() const { return totals_; }  // CPU of all replicas

  double CpuMean() const { return cpu_mean_.Value(); }  // decayed as the histograms
  double MemoryMean() const { return memory_mean_.Value(); }
  const DailyPeaks<8>& cpu_peaks() const { return cpu_peaks_; }  // of every sample
  const DailyPeaks<8, Level16>& demand_peaks() const { return demand_peaks_; }
  const DailyPeaks<14>& memory_peaks() const { return memory_peaks_; }  // working set
  const DailyPeaks<8, Level16>& rss_peaks() const {
    return rss_peaks_;
  }  // 0 where rss is not known
  // Percentiles of CPU and memory as people are shown them; never above the largest sample.
  double CpuPercentile(double p) const;
  double MemoryPercentile(double p) const;
  // What the time-of-day models are built on.
  double LoadBase() const { return cpu_demand_.Percentile(kCpuBuckets, 0.9, true); }
  // The highest 95th percentile of one pod of those alive, or gone for less than 14 days.
  double LargestPodPercentile(Timestamp now) const;

  uint64_t cpu_samples() const { return cpu_samples_; }
  uint64_t memory_samples() const { return memory_samples_; }
  // Watched time: gaps count for at most five minutes.
  DurationMs cpu_coverage() const { return cpu_coverage_; }
  DurationMs memory_coverage() const { return memory_coverage_; }
  uint64_t pods_seen() const { return pods_seen_; }
  Timestamp first_time() const { return first_; }  // of CPU samples, as VPA has it
  Timestamp last_time() const { return std::max(last_cpu_, last_memory_); }  // of any sample
  Timestamp last_cpu_time() const { return last_cpu_; }
  uint64_t ooms() const { return ooms_; }
  Timestamp last_oom() const { return last_oom_; }
  double largest_oom_limit(Timestamp now) const;  // of the last 14 days' kills; bytes
  double throttled_ratio() const { return throttled_.Value(); }
  double startup_cpu_peak() const { return startup_peak_; }  // faded as the means
  double heap_max() const { return heap_max_; }              // bytes; 0: not known
  double heap_committed() const { return heap_committed_; }

  // What was recommended before: for hysteresis and self-judging.
  Promise& cpu_promise() { return cpu_promise_; }
  const Promise& cpu_promise() const { return cpu_promise_; }
  Promise& memory_promise() { return memory_promise_; }
  const Promise& memory_promise() const { return memory_promise_; }

 private:
  static constexpr size_t kLine = 64;  // of the cache
  // A mean whose past halves every 24 hours.
  class DecayedMean {
   public:
    void Add(double value) {
      sum_ += value;
      weight_ += 1;
    }
    void Fade(double by) {
      sum_ *= by;
      weight_ *= by;
    }
    double Value() const { return weight_ > 0 ? sum_ / weight_ : 0; }
    void Merge(const DecayedMean& other) {
      sum_ += other.sum_;
      weight_ += other.weight_;
    }
    void Save(RowWriter& out) const { out.Double(sum_).Double(weight_); }
    bool Load(RowReader& in);  // false: cannot be

   private:
    double sum_ = 0;
    double weight_ = 0;
  };
  void BeginHour(Timestamp time);
  // How much this sample counts where weights are floats: 1, or with very many replicas 0 for most
  // and more for the others, so that their sums stay exact enough.
  double Thin();
  void SavePlain(RowWriter& out) const;
  bool LoadPlain(RowReader& in);
  void AddPeak(Timestamp time, double bytes, bool oom, ContainerInstance* instance);

  // In the order in which samples look at them, so that one touches few lines of the cache: CPU,
  // both, memory; then what is looked at once a day or less.
  DayProfile profile_;
  HourTotals totals_;
  DailyPeaks<8> cpu_peaks_;
  DailyPeaks<8, Level16> demand_peaks_;
  Promise cpu_promise_;
  DecayedHistogram<double> vpa_cpu_;
  DecayedHistogram<float> cpu_demand_;
  DecayedMean cpu_mean_;
  DecayedMean throttled_;
  std::array<float, 2> pod_percentiles_ = {};  // the largest, of this hour and of the one before
  Timestamp first_ = INT64_MAX;
  Timestamp last_cpu_ = INT64_MIN;
  DurationMs cpu_coverage_ = 0;
  uint64_t cpu_samples_ = 0;
  int32_t hour_ = INT32_MIN;  // the means are relative to it
  uint32_t hour_samples_ = 0;
  uint32_t stride_ = 1;  // one sample of so many is taken by Thin()
  uint32_t dice_ = 0;    // of Thin(): a linear congruential generator
  uint32_t pods_seen_ = 0;
  float startup_peak_ = 0;
  uint64_t memory_samples_ = 0;
  DurationMs memory_coverage_ = 0;
  Timestamp last_memory_ = INT64_MIN;
  DecayedMean memory_mean_;
  DecayedHistogram<double> vpa_memory_;
  DecayedHistogram<float> memory_use_;
  Promise memory_promise_;
  DailyPeaks<14> memory_peaks_;
  DailyPeaks<8, Level16> rss_peaks_;
  DailyPeaks<14, Level16> gone_pods_;  // 95th percentiles of pods, by the day they were gone
  Timestamp last_oom_ = INT64_MIN;
  uint32_t ooms_ = 0;
  float oom_limit_ = 0;
  float heap_max_ = 0;
  float heap_committed_ = 0;
};

}  // namespace outrider
