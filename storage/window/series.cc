// SPDX-License-Identifier: Apache-2.0
#include "storage/window/series.h"

#include <algorithm>

namespace outrider {

void Count(AppendVerdict verdict, AppendCounts* counts) {
  switch (verdict) {
    using enum AppendVerdict;
    case kStored:
    case kRepeat:
      ++counts->accepted;
      return;
    case kDuplicate:
      ++counts->duplicate;
      return;
    case kOutOfOrder:
      ++counts->out_of_order;
      return;
    case kTooOld:
      ++counts->too_old;
      return;
    case kTooFarAhead:
      ++counts->too_far_ahead;
      return;
    case kLocalWins:
      ++counts->local_wins;
      return;
  }
}

AppendVerdict Series::Judge(const Sample& sample, const AppendContext& context) const {
  using enum AppendVerdict;
  if (sample.time > context.now + kMaxAhead) return kTooFarAhead;
  const bool remote = context.origin == Origin::kRemote;
  if (remote && local && sample.time <= last_time + kLocalClaim) return kLocalWins;
  if (sample.time < context.newest - std::max(keep, kKeepLabels)) return kTooOld;
  if (sample.time > last_time) return kStored;
  if (!remote && !local) return kStored;  // a rule takes the label set over
  if (sample.time < last_time) return kOutOfOrder;
  return SameBits(sample.value, last_value) ? kRepeat : kDuplicate;
}

AppendVerdict Series::Append(const Sample& sample, const AppendContext& context) {
  const AppendVerdict verdict = Judge(sample, context);
  if (verdict != AppendVerdict::kStored) return verdict;
  const bool was_local = local;
  local = context.origin == Origin::kLocal;
  if (local && !was_local && sample.time <= last_time) TruncateFrom(sample.time);
  Store(sample, context.epoch);
  return verdict;
}

void Series::Store(const Sample& sample, uint32_t epoch) {
  if (open.count() > 0 &&
      (open.count() >= kMaxChunkSamples || sample.time - open.first_time() >= kMaxChunkSpan)) {
    Seal();  // reads last_time
  }
  last_time = sample.time;
  last_value = sample.value;
  if (keep == 0) return;  // label sets only
  if (open.count() == 0) open_epoch = epoch;
  open.Append(sample.time, sample.value);
}

void Series::Seal() {
  if (open.count() == 0) return;
  SealedChunk chunk;
  chunk.start = open.first_time();
  chunk.end = last_time;
  chunk.count = static_cast<uint16_t>(open.count());
  chunk.data = open.Take(&chunk.bytes);
  sealed.push_back(std::move(chunk));
}

// Forgets the samples at and behind `time`. Rare: a sender's samples were there before the rule
// that owns the series.
void Series::TruncateFrom(Timestamp time) {
  std::vector<Timestamp> times;
  std::vector<double> values;
  const size_t first = static_cast<size_t>(
      std::find_if(sealed.begin(), sealed.end(), [&](const auto& c) { return c.end >= time; }) -
      sealed.begin());
  const Timestamp from =
      first < sealed.size() ? sealed[first].start : (open.count() > 0 ? open.first_time() : time);
  Read(from, time - 1, &times, &values);
  sealed.resize(first);
  open.Clear();
  for (size_t i = 0; i < times.size(); ++i) open.Append(times[i], values[i]);
  last_time = times.empty() ? (sealed.empty() ? kNoTime : sealed.back().end) : times.back();
}

bool Series::Expire(Timestamp newest) {
  const Timestamp cutoff = newest - keep;
  const auto kept = std::find_if(sealed.begin(), sealed.end(), [&](const auto& chunk) {
    return keep > 0 && chunk.end >= cutoff;
  });
  sealed.erase(sealed.begin(), kept);
  if (keep == 0 || last_time < cutoff) open.Clear();
  if (!sealed.empty() || open.count() > 0) return false;
  return keep > 0 || last_time < newest - kKeepLabels;
}

bool Series::HasSampleIn(Timestamp from, Timestamp to) const {
  if (last_time >= from && last_time <= to) return true;
  const auto has = [&](Timestamp start, Timestamp end, std::span<const uint8_t> bytes,
                       uint32_t count) {
    if (start > to || end < from) return false;
    if (start >= from || end <= to) return true;
    FloatChunkReader reader(bytes, count);
    Sample sample;
    while (reader.Next(&sample)) {
      if (sample.time >= from) return sample.time <= to;
    }
    return false;
  };
  if (open.count() > 0 && has(open.first_time(), last_time, open.bytes(), open.count()))
    return true;
  return std::any_of(sealed.rbegin(), sealed.rend(), [&](const SealedChunk& chunk) {
    return has(chunk.start, chunk.end, {chunk.data.get(), chunk.bytes}, chunk.count);
  });
}

bool Series::Read(Timestamp from, Timestamp to, std::vector<Timestamp>* times,
                  std::vector<double>* values) const {
  bool ok = true;
  for (const SealedChunk& chunk : sealed) {
    if (chunk.end < from || chunk.start > to) continue;
    ok &= DecodeFloatChunk({chunk.data.get(), chunk.bytes}, chunk.count, from, to, times, values);
  }
  if (open.count() > 0 && last_time >= from && open.first_time() <= to) {
    ok &= DecodeFloatChunk(open.bytes(), open.count(), from, to, times, values);
  }
  return ok;
}

}  // namespace outrider
