// SPDX-License-Identifier: Apache-2.0
// Rows of demand.h: fields in a fixed order. What cannot be makes the row corrupt.
#include <cmath>

#include "rules/capacity/recommend/demand.h"

namespace outrider {
namespace {

constexpr Timestamp kLatest = 1'000'000 * kDay;

// `never` stands for "none yet"; other times are plausible ones.
bool LoadTime(RowReader& in, Timestamp never, Timestamp* time) {
  *time = in.I64();
  return *time == never || (*time >= 0 && *time < kLatest);
}

bool LoadNumber(RowReader& in, float* value) {
  *value = static_cast<float>(in.Double());
  return std::isfinite(*value) && *value >= 0;
}

bool LoadCount(RowReader& in, uint32_t* value) {
  const uint64_t read = in.U64();
  *value = static_cast<uint32_t>(read);
  return read <= UINT32_MAX;
}

}  // namespace

void ContainerInstance::Save(RowWriter& out) const {
  out.I64(cpu_done).I64(memory_done).I64(window_end).Double(memory_peak).Double(oom_peak);
  cpu.Save(out);
}

void ContainerInstance::Load(RowReader& in) {
  bool good = LoadTime(in, INT64_MIN, &cpu_done);
  good &= LoadTime(in, INT64_MIN, &memory_done);
  good &= LoadTime(in, INT64_MIN, &window_end);
  memory_peak = in.Double();
  oom_peak = in.Double();
  good &= std::isfinite(memory_peak) && memory_peak >= 0;
  good &= std::isfinite(oom_peak) && oom_peak >= 0;
  cpu.Load(in);
  if (good) return;
  *this = {};
  in.Fail();
}

void ContainerDemand::SavePlain(RowWriter& out) const {
  for (const DecayedMean* mean : {&cpu_mean_, &memory_mean_, &throttled_}) mean->Save(out);
  out.I64(hour_);
  for (float percentile : pod_percentiles_) out.Double(percentile);
  out.I64(first_).I64(last_cpu_).I64(last_memory_).I64(last_oom_);
  out.I64(cpu_coverage_).I64(memory_coverage_).U64(cpu_samples_).U64(memory_samples_);
  out.U64(pods_seen_).U64(ooms_).Double(oom_limit_).Double(startup_peak_);
  out.Double(heap_max_).Double(heap_committed_).U64(hour_samples_).U64(stride_).U64(dice_);
}

bool ContainerDemand::LoadPlain(RowReader& in) {
  bool good = true;
  for (DecayedMean* mean : {&cpu_mean_, &memory_mean_, &throttled_}) good &= mean->Load(in);
  const int64_t hour = in.I64();
  good &= hour >= INT32_MIN && hour <= INT32_MAX;
  hour_ = static_cast<int32_t>(hour);
  for (float& percentile : pod_percentiles_) good &= LoadNumber(in, &percentile);
  good &= LoadTime(in, INT64_MAX, &first_);
  for (Timestamp* time : {&last_cpu_, &last_memory_, &last_oom_}) {
    good &= LoadTime(in, INT64_MIN, time);
  }
  good &= LoadTime(in, 0, &cpu_coverage_) && LoadTime(in, 0, &memory_coverage_);
  cpu_samples_ = in.U64();
  memory_samples_ = in.U64();
  good &= LoadCount(in, &pods_seen_) && LoadCount(in, &ooms_);
  for (float* value : {&oom_limit_, &startup_peak_, &heap_max_, &heap_committed_}) {
    good &= LoadNumber(in, value);
  }
  for (uint32_t* count : {&hour_samples_, &stride_, &dice_}) good &= LoadCount(in, count);
  good &= stride_ > 0;
  // Counts come with their times.
  good &= cpu_samples_ == 0 || first_ <= last_cpu_;
  good &= ooms_ == 0 || last_oom_ != INT64_MIN;
  return good;
}

void ContainerDemand::Save(RowWriter& out) const {
  vpa_cpu_.Save(out);
  vpa_memory_.Save(out);
  cpu_demand_.Save(out);
  memory_use_.Save(out);
  profile_.Save(out);
  totals_.Save(out);
  cpu_peaks_.Save(out);
  demand_peaks_.Save(out);
  memory_peaks_.Save(out);
  rss_peaks_.Save(out);
  gone_pods_.Save(out);
  cpu_promise_.Save(out);
  memory_promise_.Save(out);
  SavePlain(out);
}

void ContainerDemand::Load(RowReader& in) {
  vpa_cpu_.Load(in);
  vpa_memory_.Load(in);
  cpu_demand_.Load(in);
  memory_use_.Load(in);
  profile_.Load(in);
  totals_.Load(in);
  cpu_peaks_.Load(in);
  demand_peaks_.Load(in);
  memory_peaks_.Load(in);
  rss_peaks_.Load(in);
  gone_pods_.Load(in);
  cpu_promise_.Load(in);
  memory_promise_.Load(in);
  if (LoadPlain(in)) return;
  *this = {};
  in.Fail();
}

}  // namespace outrider
