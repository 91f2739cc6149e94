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

SeriesAside& Series::Aside() {
  if (!aside) aside = std::make_unique<SeriesAside>();
  return *aside;
}

HistogramWindow& Series::Histograms() {
  SeriesAside& all = Aside();
  if (!all.histograms) all.histograms = std::make_unique<HistogramWindow>();
  return *all.histograms;
}

Series::Known Series::KnownAs(const Sample& sample) const {
  Sample found{.time = sample.time, .value = open.last_value()};
  if (sample.time == open.last_time() || Find(sample.time, &found)) {
    return SameBits(sample.value, found.value) ? Known::kSame : Known::kOther;
  }
  const HistogramWindow* window = histograms();
  if (window == nullptr) return Known::kNo;
  HistogramSample histogram;
  const bool other = sample.time == window->last_time() || window->Find(sample.time, &histogram);
  return other ? Known::kOther : Known::kNo;
}

Series::Known Series::KnownAs(const HistogramSample& sample) const {
  Sample number;
  if (sample.time == open.last_time() || Find(sample.time, &number)) return Known::kOther;
  const HistogramWindow* window = histograms();
  if (window == nullptr) return Known::kNo;
  HistogramSample found;
  if (window->Find(sample.time, &found)) {
    return SameBits(sample.histogram, found.histogram) ? Known::kSame : Known::kOther;
  }
  // Nothing is kept of the series to compare with.
  return sample.time == window->last_time() ? Known::kSame : Known::kNo;
}

// `known` tells whether the series has a sample of that time; asked only where it matters.
template <typename KnownAt>
AppendVerdict Series::Judge(Timestamp time, const AppendContext& context, KnownAt known) const {
  using enum AppendVerdict;
  if (time > context.now + kMaxAhead) return kTooFarAhead;
  const Timestamp last = last_time();
  const bool remote = context.origin == Origin::kRemote;
  if (remote && local && time <= last + kLocalClaim) return kLocalWins;
  if (time < context.newest - std::max(keep(), kKeepLabels)) return kTooOld;
  if (time > last) return kStored;
  if (!remote && !local) return kStored;  // a rule takes the label set over
  if (time == last) return known() == Known::kSame ? kRepeat : kDuplicate;
  return remote ? JudgeNotNewest(time, context, known) : kOutOfOrder;
}

// A sender's sample behind the newest one.
template <typename KnownAt>
AppendVerdict Series::JudgeNotNewest(Timestamp time, const AppendContext& context,
                                     KnownAt known) const {
  using enum AppendVerdict;
  const Timestamp reference = context.replayed != nullptr ? *context.replayed : last_time();
  // Nothing met in replay yet: the newest of its time is not known, and nothing acked may be lost.
  const bool in_window = reference == kNoTime || time >= reference - context.late_window;
  if (!in_window) return kOutOfOrder;
  switch (known()) {
    case Known::kSame:
      return kRepeat;
    case Known::kOther:
      return kDuplicate;
    case Known::kNo:
      break;
  }
  return context.late_window > 0 ? kStoredLate : kOutOfOrder;
}

namespace {

// What was refused when it came makes nothing late.
void NoteReplayed(AppendVerdict verdict, Timestamp time, const AppendContext& context) {
  using enum AppendVerdict;
  if (context.replayed == nullptr) return;
  if (verdict != kStored && verdict != kStoredLate && verdict != kRepeat) return;
  *context.replayed = std::max(*context.replayed, time);
}

}  // namespace

// A rule that writes a label set for the first time takes it over from its senders.
void Series::TakeOver(Timestamp time, const AppendContext& context) {
  const bool was_local = local;
  local = context.origin == Origin::kLocal;
  if (local && !was_local && time <= last_time()) TruncateFrom(time);
}

AppendVerdict Series::Append(const Sample& sample, const AppendContext& context) {
  const AppendVerdict verdict = Judge(sample.time, context, [&] { return KnownAs(sample); });
  NoteReplayed(verdict, sample.time, context);
  if (verdict == AppendVerdict::kStoredLate && keep_seconds > 0) {
    Aside().late.Add(sample, context.epoch);
    unwritten = HasUnwritten();
  }
  if (verdict != AppendVerdict::kStored) return verdict;
  TakeOver(sample.time, context);
  Store(sample, context.epoch);
  return verdict;
}

AppendVerdict Series::Append(const HistogramSample& sample, const AppendContext& context) {
  const AppendVerdict verdict = Judge(sample.time, context, [&] { return KnownAs(sample); });
  NoteReplayed(verdict, sample.time, context);
  if (verdict == AppendVerdict::kStoredLate && keep_seconds > 0) {
    Histograms().AddLate(sample, context.epoch);
    unwritten = HasUnwritten();
  }
  if (verdict != AppendVerdict::kStored) return verdict;
  TakeOver(sample.time, context);
  if (keep_seconds == 0) {
    Histograms().SetLast(sample.time);  // label sets only
  } else {
    Histograms().Append(sample, context.epoch);
    unwritten = HasUnwritten();
  }
  return verdict;
}

void Series::NoteStart(Timestamp time, Timestamp start) {
  if (keep_seconds > 0 && (start != 0 || aside)) Aside().starts.Note(time, start);
}

void Series::Store(const Sample& sample, uint32_t epoch) {
  if (open.count() > 0 && IsChunkFull(open.count(), open.first_time(), sample.time)) Seal();
  if (keep_seconds == 0) return open.SetLast(sample.time, sample.value);  // label sets only
  if (open.count() == 0) open_epoch = epoch;
  open.Append(sample.time, sample.value);
}

void Series::Seal() {
  if (open.count() == 0) return;
  sealed.Append({.data = open.bytes(),
                 .count = static_cast<uint16_t>(open.count()),
                 .start = open.first_time(),
                 .end = open.last_time()});
  open.Clear();
  unwritten = true;
}

bool Series::SealOpenedBefore(uint32_t epoch) {
  bool any = false;
  if (open.count() > 0 && open_epoch < epoch) {
    Seal();
    any = true;
  }
  if (!aside) return any;
  if (!aside->late.open().empty() && aside->late.open_epoch() < epoch) {
    aside->late.Seal();
    any = true;
  }
  if (aside->histograms) any |= aside->histograms->SealOpenedBefore(epoch);
  unwritten |= any;
  return any;
}

bool Series::HasUnwritten() const {
  if (sealed.HasUnwritten()) return true;
  if (!aside) return false;
  return aside->late.HasUnwritten() || (aside->histograms && aside->histograms->HasUnwritten());
}

void Series::MarkPersisted(const ChunksWritten& written) {
  sealed.MarkPersisted(written.end);
  if (aside) {
    aside->late.MarkPersisted(written.late);
    if (aside->histograms) {
      aside->histograms->MarkPersisted(written.histograms_end, written.late_histograms);
    }
  }
  unwritten = HasUnwritten();
}

void Series::Load(SealedChunk chunk, double last_value, bool is_late,
                  std::span<const StartRun> starts) {
  const bool keeps = keep_seconds > 0;
  if (keeps) {
    for (const StartRun& run : starts) Aside().starts.Load(run);
  }
  if (chunk.encoding == ChunkEncoding::kHistogram) {
    if (keeps) return Histograms().Load(std::move(chunk), is_late);
    if (!is_late) Histograms().SetLast(std::max(Histograms().last_time(), chunk.end));
    return;
  }
  if (is_late) {
    if (keeps) Aside().late.Load(std::move(chunk));
    return;
  }
  if (chunk.start <= open.last_time()) return;  // written twice
  open.SetLast(chunk.end, last_value);
  if (keeps) sealed.Append(chunk.view());
}

// Forgets the samples at and behind `time`, and all histograms. Rare: a sender's samples were there
// before the rule that owns the series.
void Series::TruncateFrom(Timestamp time) {
  std::vector<Timestamp> times;
  std::vector<double> values;
  Read(kNoTime, time - 1, &times, &values);
  sealed.Clear();
  aside.reset();
  open.Clear();
  open.SetLast(kNoTime, 0);
  for (size_t i = 0; i < times.size(); ++i) Store({times[i], values[i]}, open_epoch);
  rewritten = true;
}

bool Series::Expire(Timestamp newest) {
  // With nothing to be kept everything goes, whatever its time.
  const Timestamp cutoff = keep_seconds > 0 ? newest - keep() : newest + kMaxAhead + 1;
  sealed.DropBefore(cutoff);
  if (open.last_time() < cutoff) open.Clear();
  const bool nothing_aside = ExpireAside(cutoff);
  if (!sealed.empty() || open.count() > 0 || !nothing_aside) return false;
  return keep_seconds > 0 || last_time() < newest - kKeepLabels;
}

// True when nothing is left there.
bool Series::ExpireAside(Timestamp cutoff) {
  if (!aside) return true;
  aside->late.DropBefore(cutoff);
  aside->starts.DropBefore(cutoff);
  const bool empty =
      (!aside->histograms || aside->histograms->Expire(cutoff)) && aside->late.empty();
  // Histograms remember the newest one's time, starts what holds for the next sample.
  if (empty && !aside->histograms && aside->starts.empty()) aside.reset();
  return empty;
}

bool Series::Find(Timestamp time, Sample* found) const {
  if (aside && aside->late.Find(time, found)) return true;
  if (open.count() > 0 && time >= open.first_time()) {
    return FindInChunk<FloatCodec>(open.bytes(), open.count(), time, found);
  }
  for (const ChunkView& chunk : sealed.Since(time)) {
    if (chunk.start > time) break;
    if (time > chunk.end) continue;
    if (FindInChunk<FloatCodec>(chunk.bytes(), chunk.count, time, found)) return true;
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
  if (open.count() > 0 && has(open.first_time(), open.last_time(), open.bytes(), open.count()))
    return true;
  for (const ChunkView& chunk : sealed.Since(from)) {
    if (has(chunk.start, chunk.end, chunk.bytes(), chunk.count)) return true;
  }
  if (!aside) return false;
  return aside->late.HasSampleIn(from, to) ||
         (aside->histograms && aside->histograms->HasSampleIn(from, to));
}

bool Series::ReadChunks(Timestamp from, Timestamp to, std::vector<Timestamp>* times,
                        std::vector<double>* values) const {
  bool ok = true;
  for (const ChunkView& chunk : sealed.Since(from)) {
    if (chunk.end < from || chunk.start > to) continue;
    ok &= DecodeFloatChunk(chunk.bytes(), chunk.count, from, to, times, values);
  }
  if (open.count() > 0 && open.last_time() >= from && open.first_time() <= to) {
    ok &= DecodeFloatChunk(open.bytes(), open.count(), from, to, times, values);
  }
  return ok;
}

bool Series::MergeLate(Timestamp from, Timestamp to, size_t begin, std::vector<Timestamp>* times,
                       std::vector<double>* values) const {
  if (!aside || aside->late.empty()) return true;
  std::vector<Sample> all;
  const bool ok = aside->late.Collect(from, to, &all);
  if (all.empty()) return ok;
  for (size_t i = begin; i < times->size(); ++i) all.push_back({(*times)[i], (*values)[i]});
  std::sort(all.begin(), all.end(),
            [](const Sample& a, const Sample& b) { return a.time < b.time; });
  times->resize(begin);
  values->resize(begin);
  for (const Sample& sample : all) {
    times->push_back(sample.time);
    values->push_back(sample.value);
  }
  return ok;
}

bool Series::Read(Timestamp from, Timestamp to, std::vector<Timestamp>* times,
                  std::vector<double>* values) const {
  const size_t begin = times->size();
  const bool ok = ReadChunks(from, to, times, values);
  return MergeLate(from, to, begin, times, values) && ok;
}

}  // namespace outrider
