// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/demand.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "rules/capacity/recommend/needed_memory.h"

namespace outrider {
namespace {

constexpr double kCpuWeight = 0.1;  // VPA's weight of a CPU sample
constexpr DurationMs kLongestGap = 5 * kMinute;
constexpr DurationMs kPeakInterval = kDay;  // one memory peak of an instance counts in each
constexpr double kOomFactor = 1.2;
constexpr double kOomLeast = 100.0 * 1024 * 1024;
constexpr DurationMs kOomMemory = 14 * kDay;
// A container that was cut short in every period would want without bound: not more than four
// times what it got.
constexpr double kMostThrottled = 0.75;
constexpr uint32_t kMostAnHour = 4000;  // samples that enter the sums of floats
constexpr double kLargest = 1e16;       // cores or bytes that are believed
constexpr Timestamp kLatest = 1'000'000 * kDay;

bool Believable(Timestamp time, double value) {
  return time >= 0 && time < kLatest && value >= 0 && value < kLargest;
}

double CutShort(double cores, const SampleFacts& facts) {
  return cores / (1 - std::clamp(facts.throttled_ratio, 0.0, kMostThrottled));
}

DurationMs Watched(Timestamp last, Timestamp time) {
  return last != INT64_MIN && time > last ? std::min(time - last, kLongestGap) : 0;
}

}  // namespace

bool ContainerDemand::DecayedMean::Load(RowReader& in) {
  sum_ = in.Double();
  weight_ = in.Double();
  return std::isfinite(sum_) && std::isfinite(weight_) && sum_ >= 0 && weight_ >= 0;
}

void ContainerDemand::BeginHour(Timestamp time) {
  const auto hour = static_cast<int32_t>(time / kHour);
  if (hour <= hour_) return;
  if (hour_ != INT32_MIN) {
    const double fade = std::exp2(-static_cast<double>(hour - hour_) / 24);
    cpu_mean_.Fade(fade);
    memory_mean_.Fade(fade);
    throttled_.Fade(fade);
    startup_peak_ *= static_cast<float>(fade);
    stride_ = std::bit_ceil(std::max(1U, hour_samples_ / kMostAnHour));
    hour_samples_ = 0;
    pod_percentiles_ = {0, hour == hour_ + 1 ? pod_percentiles_[0] : 0};
  }
  hour_ = hour;
}

double ContainerDemand::Thin() {
  if (stride_ == 1) return 1;
  dice_ = dice_ * 1664525U + 1013904223U;
  return (uint64_t{dice_} * stride_) >> 32U == 0 ? stride_ : 0;
}

bool ContainerDemand::AddCpu(Timestamp time, double cores, const SampleFacts& facts,
                             ContainerInstance* instance) {
  if (!Believable(time, cores) || time <= instance->cpu_done) return false;
  if (instance->cpu_done == INT64_MIN && instance->memory_done == INT64_MIN) ++pods_seen_;
  BeginHour(time);
  const size_t bucket = kCpuBuckets.Find(cores);
  const double decay = vpa_cpu_.Decay(time);
  vpa_cpu_.AddDecayed(bucket, kCpuWeight * decay);
  first_ = std::min(first_, time);
  cpu_coverage_ += Watched(last_cpu_, time);
  last_cpu_ = std::max(last_cpu_, time);
  ++cpu_samples_;
  ++hour_samples_;
  instance->cpu.Add(time, cores);
  // A pod's own percentile moves slowly: looked at once an hour, and while it is young.
  if (time / kHour != instance->cpu_done / kHour || instance->cpu.samples() < 20) {
    pod_percentiles_[0] = std::max(pod_percentiles_[0], static_cast<float>(instance->cpu.Value()));
  }
  totals_.Add(time, cores, Watched(instance->cpu_done, time));
  instance->cpu_done = time;
  cpu_mean_.Add(cores);
  cpu_peaks_.Add(time, cores);
  cpu_promise_.Observe(time, cores);
  if (facts.age >= 0 && facts.age < kStartup) {
    startup_peak_ = std::max(startup_peak_, static_cast<float>(cores));
    return true;
  }
  throttled_.Add(std::clamp(facts.throttled_ratio, 0.0, 1.0));
  if (profile_.BeginsDay(time)) {
    profile_.BeginDay(time, LoadBase(), demand_peaks_.Max(time - kDay, 7));
  }
  const double wanted = CutShort(cores, facts);
  const double weight = Thin();
  if (weight > 0) {
    const size_t wanted_bucket = wanted == cores ? bucket : kCpuBuckets.Find(wanted);
    if (cpu_demand_.reference() == vpa_cpu_.reference()) {
      cpu_demand_.AddDecayed(wanted_bucket, kCpuWeight * weight * decay);
    } else {
      cpu_demand_.Add(wanted_bucket, time, kCpuWeight * weight);
    }
  }
  demand_peaks_.Add(time, wanted);
  profile_.Add(time, wanted, weight);
  return true;
}

// VPA's: one peak of an instance counts in each of its 24 hours, at the end of them.
void ContainerDemand::AddPeak(Timestamp time, double bytes, bool oom, ContainerInstance* instance) {
  if (instance->window_end == INT64_MIN) instance->window_end = time;
  bool is_new = false;
  if (time < instance->window_end) {
    const double old = std::max(instance->memory_peak, instance->oom_peak);
    if (old != 0 && bytes > old) {
      vpa_memory_.Subtract(kMemoryBuckets.Find(old), instance->window_end, 1);
      is_new = true;
    }
  } else {
    const DurationMs past = time - instance->window_end;
    instance->window_end += past / kPeakInterval * kPeakInterval + kPeakInterval;
    instance->memory_peak = instance->oom_peak = 0;
    is_new = true;
  }
  if (!is_new) return;
  vpa_memory_.Add(kMemoryBuckets.Find(bytes), instance->window_end, 1);
  (oom ? instance->oom_peak : instance->memory_peak) = bytes;
}

bool ContainerDemand::AddMemory(Timestamp time, double bytes, const SampleFacts& facts,
                                ContainerInstance* instance) {
  if (!Believable(time, bytes) || time <= instance->memory_done) return false;
  if (instance->cpu_done == INT64_MIN && instance->memory_done == INT64_MIN) ++pods_seen_;
  BeginHour(time);
  AddPeak(time, bytes, false, instance);
  instance->memory_done = time;
  ++memory_samples_;
  memory_coverage_ += Watched(last_memory_, time);
  last_memory_ = std::max(last_memory_, time);
  if (const double weight = Thin(); weight > 0) {
    memory_use_.Add(kMemoryBuckets.Find(bytes), time, kCpuWeight * weight);
  }
  memory_mean_.Add(bytes);
  memory_peaks_.Add(time, bytes);
  if (facts.rss >= 0 && facts.rss < kLargest) rss_peaks_.Add(time, facts.rss);
  memory_promise_.Observe(time, NeededMemory(bytes, facts.rss));
  return true;
}

void ContainerDemand::AddResident(Timestamp time, double bytes) {
  if (Believable(time, bytes)) rss_peaks_.Add(time, bytes);
}

void ContainerDemand::AddOom(Timestamp time, double request, double limit,
                             ContainerInstance* instance) {
  if (!Believable(time, std::max(request, limit))) return;
  // Too old to tell anything: from before the newest day of samples.
  if (instance->memory_done != INT64_MIN && time < instance->memory_done - kPeakInterval) return;
  // Without the peak that an earlier kill set, or several in a row would drive it up without end.
  const double used = std::max(request, instance->memory_peak);
  AddPeak(time, std::max(used + kOomLeast, std::floor(used * kOomFactor)), true, instance);
  instance->memory_done = std::max(instance->memory_done, time);
  const bool forgotten = ooms_ == 0 || time - last_oom_ > kOomMemory;
  if (forgotten || limit > oom_limit_) oom_limit_ = static_cast<float>(limit);
  ++ooms_;
  last_oom_ = std::max(last_oom_, time);
}

void ContainerDemand::SetHeap(double max_bytes, double committed_bytes) {
  const auto known = [](double bytes) { return bytes > 0 && bytes < kLargest ? bytes : 0; };
  heap_max_ = static_cast<float>(known(max_bytes));
  heap_committed_ = static_cast<float>(known(committed_bytes));
}

void ContainerDemand::Retire(const ContainerInstance& instance, Timestamp now) {
  if (instance.cpu.samples() > 0) gone_pods_.Add(now, instance.cpu.Value());
}

double ContainerDemand::LargestPodPercentile(Timestamp now) const {
  return std::max<double>(std::max(pod_percentiles_[0], pod_percentiles_[1]), gone_pods_.Max(now));
}

double ContainerDemand::CpuPercentile(double p) const {
  const double peak = cpu_peaks_.Max(last_cpu_);
  const double percentile = vpa_cpu_.Percentile(kCpuBuckets, p);
  return peak > 0 ? std::min(percentile, peak) : percentile;
}

double ContainerDemand::MemoryPercentile(double p) const {
  const double peak = memory_peaks_.Max(last_memory_);
  const double percentile = memory_use_.Percentile(kMemoryBuckets, p);
  return peak > 0 ? std::min(percentile, peak) : percentile;
}

double ContainerDemand::largest_oom_limit(Timestamp now) const {
  return ooms_ > 0 && now - last_oom_ <= kOomMemory ? oom_limit_ : 0;
}

void ContainerDemand::Merge(const ContainerDemand& other) {
  if (other.last_time() == INT64_MIN) return;
  BeginHour(other.last_time());
  vpa_cpu_.Merge(other.vpa_cpu_);
  vpa_memory_.Merge(other.vpa_memory_);
  cpu_demand_.Merge(other.cpu_demand_);
  memory_use_.Merge(other.memory_use_);
  profile_.Merge(other.profile_);
  totals_.Merge(other.totals_);
  cpu_mean_.Merge(other.cpu_mean_);
  memory_mean_.Merge(other.memory_mean_);
  throttled_.Merge(other.throttled_);
  cpu_peaks_.Merge(other.cpu_peaks_);
  demand_peaks_.Merge(other.demand_peaks_);
  memory_peaks_.Merge(other.memory_peaks_);
  rss_peaks_.Merge(other.rss_peaks_);
  gone_pods_.Merge(other.gone_pods_);
  for (size_t i = 0; i < pod_percentiles_.size(); ++i) {
    pod_percentiles_[i] = std::max(pod_percentiles_[i], other.pod_percentiles_[i]);
  }
  first_ = std::min(first_, other.first_);
  last_cpu_ = std::max(last_cpu_, other.last_cpu_);
  last_memory_ = std::max(last_memory_, other.last_memory_);
  last_oom_ = std::max(last_oom_, other.last_oom_);
  cpu_coverage_ = std::max(cpu_coverage_, other.cpu_coverage_);
  memory_coverage_ = std::max(memory_coverage_, other.memory_coverage_);
  cpu_samples_ += other.cpu_samples_;
  memory_samples_ += other.memory_samples_;
  pods_seen_ += other.pods_seen_;
  ooms_ += other.ooms_;
  oom_limit_ = std::max(oom_limit_, other.oom_limit_);
  startup_peak_ = std::max(startup_peak_, other.startup_peak_);
  heap_max_ = std::max(heap_max_, other.heap_max_);
  heap_committed_ = std::max(heap_committed_, other.heap_committed_);
}

size_t ContainerDemand::Bytes() const {
  return sizeof(*this) + vpa_cpu_.HeapBytes() + vpa_memory_.HeapBytes() + cpu_demand_.HeapBytes() +
         memory_use_.HeapBytes();
}

}  // namespace outrider
