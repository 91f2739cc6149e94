// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/cost/cost_ledger.h"

namespace outrider {
namespace {

CostKey OfGrain(const CostKey& key, CostGrain grain) {
  switch (grain) {
    case CostGrain::kWorkloads:
      return WithoutPods(key);
    case CostGrain::kNodes:
      return NodeOnly(key);
    case CostGrain::kPods:
      break;
  }
  return key;
}

}  // namespace

CostKey WithoutPods(const CostKey& key) {
  CostKey short_key = key;
  short_key.pod.clear();
  short_key.node.clear();
  return short_key;
}

CostKey NodeOnly(const CostKey& key) {
  CostKey short_key;
  short_key.cluster = key.cluster;
  short_key.node = key.node;
  // What is idle on a node stays apart from what runs there.
  if (key.workload == kIdleName || key.workload == kOverheadName ||
      key.workload == kUnmountedName) {
    short_key.namespace_name = key.workload;
    short_key.workload = key.workload;
    short_key.workload_kind = key.workload;
  }
  return short_key;
}

StatusOr<const CostBucket*> CostReader::BucketOf(CostTier tier, Timestamp begin) {
  const auto at = static_cast<size_t>(tier);
  if (begin == open_[at]->span.begin) return open_[at];
  std::optional<CostBucket>& loaded = loaded_[at];
  if (!loaded || loaded->span.begin != begin) loaded = TRY(closed_.LoadOrEmpty(tier, begin));
  return &*loaded;
}

// `piece` lies within one bucket.
Status CostReader::AddTo(CostTier tier, CostSpan piece, CostGrain grain, CostRead* out) {
  const CostBucket* source = TRY(BucketOf(tier, SpanOf(tier, piece.begin).begin));
  const DurationMs length = source->last - source->first;
  if (source->watched <= 0 || length <= 0) return absl::OkStatus();
  const DurationMs overlap =
      std::min(piece.end, source->last) - std::max(piece.begin, source->first);
  if (overlap <= 0) return absl::OkStatus();
  const double share = static_cast<double>(overlap) / static_cast<double>(length);
  const bool by_node = grain == CostGrain::kNodes && tier != CostTier::kHours;
  for (const auto& [key, amounts] : by_node ? source->nodes : source->workloads) {
    out->cells[OfGrain(key, grain)].Add(amounts.Scaled(share));
  }
  out->watched += static_cast<DurationMs>(static_cast<double>(source->watched) * share);
  return absl::OkStatus();
}

StatusOr<CostRead> CostReader::Read(Timestamp from, Timestamp to, CostGrain grain, Timestamp now) {
  CostRead read = {from, to, {}, 0};
  const Timestamp hours_since = SpanOf(CostTier::kHours, now - CostLedger::kKeepHours).begin;
  const Timestamp days_since = SpanOf(CostTier::kDays, now - CostLedger::kKeepDays).begin;
  if (grain == CostGrain::kPods && from < hours_since) {
    return InvalidArgument(fmt::format(
        "pods, and nodes together with what runs there, are told apart for the last {} hours only",
        CostLedger::kKeepHours / kHour));
  }
  const Timestamp end = std::min(to, now);
  for (Timestamp at = from; at < end;) {
    const CostSpan day = SpanOf(CostTier::kDays, at);
    const bool whole_day = at == day.begin && end >= std::min(day.end, now);
    CostTier tier = CostTier::kHours;
    if (at < days_since) {
      tier = CostTier::kMonths;
    } else if (grain != CostGrain::kPods && (whole_day || at < hours_since)) {
      tier = CostTier::kDays;
    }
    // A piece of a month ends where days begin.
    Timestamp next = std::min(end, SpanOf(tier, at).end);
    if (tier == CostTier::kMonths) next = std::min(next, days_since);
    TRY(AddTo(tier, {at, next}, grain, &read));
    at = next;
  }
  return read;
}

}  // namespace outrider
