// SPDX-License-Identifier: Apache-2.0
#include "storage/window/series.h"

#include <algorithm>

namespace outrider {

void Count(AppendVerdict verdict, AppendCounts* counts) {
  switch (verdict) {
    using enum AppendVerdict;
    case kStoredLate:
      ++counts->late;
      ++counts->accepted;
      return;
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
  if (remote && local && sample.time <= last_time() + kLocalClaim) return kLocalWins;
  if (sample.time < context.newest - std::max(keep(), kKeepLabels)) return kTooOld;
  if (sample.time > last_time()) return kStored;
  if (!remote && !local) return kStored;  // a rule takes the label set over
  if (sample.time == last_time())
    return SameBits(sample.value, open.last_value()) ? kRepeat : kDuplicate;
  return remote ? JudgeNotNewest(sample, context) : kOutOfOrder;
}

// A sender's sample behind the newest one.
AppendVerdict Series::JudgeNotNewest(const Sample& sample, const AppendContext& context) const {
  using enum AppendVerdict;
  const Timestamp reference = context.replayed != nullptr ? *context.replayed : last_time();
  // Nothing met in replay yet: the newest of its time is not known, and nothing acked may be lost.
  const bool in_window = reference == kNoTime || sample.time >= reference - context.late_window;
  if (!in_window) return kOutOfOrder;
  double value = 0;
  if (Find(sample.time, &value)) return SameBits(sample.value, value) ? kRepeat : kDuplicate;
  return context.late_window > 0 ? kStoredLate : kOutOfOrder;
}

AppendVerdict Series::Append(const Sample& sample, const AppendContext& context) {
  const AppendVerdict verdict = Judge(sample, context);
  if (context.replayed != nullptr) *context.replayed = std::max(*context.replayed, sample.time);
  if (verdict == AppendVerdict::kStoredLate && keep_seconds > 0) {
    if (!late) late = std::make_unique<LateSamples>();
    late->Add(sample, context.epoch);
  }
  if (verdict != AppendVerdict::kStored) return verdict;
  const bool was_local = local;
  local = context.origin == Origin::kLocal;
  if (local && !was_local && sample.time <= last_time()) TruncateFrom(sample.time);
  Store(sample, context.epoch);
  return verdict;
}

void Series::Store(const Sample& sample, uint32_t epoch) {
  if (open.count() > 0 &&
      (open.count() >= kMaxChunkSamples || sample.time - open.first_time() >= kMaxChunkSpan)) {
    Seal();
  }
  if (keep_seconds == 0) return open.SetLast(sample.time, sample.value);  // label sets only
  if (open.count() == 0) open_epoch = epoch;
  open.Append(sample.time, sample.value);
}

void Series::Seal() {
  if (open.count() == 0) return;
  SealedChunk chunk;
  chunk.start = open.first_time();
  chunk.end = last_time();
  chunk.count = static_cast<uint16_t>(open.count());
  chunk.data = open.Take(&chunk.size);
  if (!sealed) sealed = std::make_unique<std::vector<SealedChunk>>();
  sealed->push_back(std::move(chunk));
}

bool Series::SealOpenedBefore(uint32_t epoch) {
  bool any = false;
  if (open.count() > 0 && open_epoch < epoch) {
    Seal();
    any = true;
  }
  if (late && !late->open().empty() && late->open_epoch() < epoch) {
    late->Seal();
    any = true;
  }
  return any;
}

bool Series::HasUnwritten() const {
  const auto unwritten = [](std::span<const SealedChunk> all) {
    return !all.empty() && !all.back().persisted;
  };
  return unwritten(chunks()) || (late && unwritten(late->sealed()));
}

void Series::MarkPersisted(Timestamp end) {
  if (!sealed) return;
  for (SealedChunk& chunk : *sealed) chunk.persisted |= chunk.end <= end;
}

void Series::Load(SealedChunk chunk, double last_value, bool is_late) {
  if (is_late) {
    if (keep_seconds == 0) return;
    if (!late) late = std::make_unique<LateSamples>();
    late->Load(std::move(chunk));
    return;
  }
  if (chunk.start <= last_time()) return;  // written twice
  open.SetLast(chunk.end, last_value);
  if (keep_seconds == 0) return;
  if (!sealed) sealed = std::make_unique<std::vector<SealedChunk>>();
  sealed->push_back(std::move(chunk));
}

// Forgets the samples at and behind `time`. Rare: a sender's samples were there before the rule
// that owns the series.
void Series::TruncateFrom(Timestamp time) {
  std::vector<Timestamp> times;
  std::vector<double> values;
  Read(kNoTime, time - 1, &times, &values);
  sealed.reset();
  late.reset();
  open.Clear();
  open.SetLast(kNoTime, 0);
  for (size_t i = 0; i < times.size(); ++i) Store({times[i], values[i]}, open_epoch);
}

bool Series::Expire(Timestamp newest) {
  const Timestamp cutoff = newest - keep();
  const auto is_kept = [&](const SealedChunk& chunk) {
    return keep_seconds > 0 && chunk.end >= cutoff;
  };
  if (sealed) {
    sealed->erase(sealed->begin(), std::find_if(sealed->begin(), sealed->end(), is_kept));
    if (sealed->empty()) sealed.reset();
  }
  if (late) {
    late->DropBefore(keep_seconds > 0 ? cutoff : newest + kMaxAhead);
    if (late->empty()) late.reset();
  }
  if (keep_seconds == 0 || last_time() < cutoff) open.Clear();
  if (sealed || late || open.count() > 0) return false;
  return keep_seconds > 0 || last_time() < newest - kKeepLabels;
}

bool Series::Find(Timestamp time, double* value) const {
  if (late && late->Find(time, value)) return true;
  if (open.count() > 0 && time >= open.first_time()) {
    return FindInChunk(open.bytes(), open.count(), time, value);
  }
  for (const SealedChunk& chunk : chunks()) {
    if (chunk.start <= time && time <= chunk.end)
      return FindInChunk(chunk.bytes(), chunk.count, time, value);
  }
  return false;
}

bool Series::HasSampleIn(Timestamp from, Timestamp to) const {
  if (last_time() >= from && last_time() <= to) return true;
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
  if (open.count() > 0 && has(open.first_time(), last_time(), open.bytes(), open.count()))
    return true;
  const std::span<const SealedChunk> all = chunks();
  const bool found = std::any_of(all.rbegin(), all.rend(), [&](const SealedChunk& chunk) {
    return has(chunk.start, chunk.end, chunk.bytes(), chunk.count);
  });
  return found || (late && late->HasSampleIn(from, to));
}

bool Series::Read(Timestamp from, Timestamp to, std::vector<Timestamp>* times,
                  std::vector<double>* values) const {
  bool ok = true;
  const size_t begin = times->size();
  for (const SealedChunk& chunk : chunks()) {
    if (chunk.end < from || chunk.start > to) continue;
    ok &= DecodeFloatChunk(chunk.bytes(), chunk.count, from, to, times, values);
  }
  if (open.count() > 0 && last_time() >= from && open.first_time() <= to) {
    ok &= DecodeFloatChunk(open.bytes(), open.count(), from, to, times, values);
  }
  if (late) ok &= late->MergeInto(from, to, begin, times, values);
  return ok;
}

}  // namespace outrider
