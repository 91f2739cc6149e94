// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/replay_batch.h"

#include <algorithm>
#include <thread>

#include "exporter/ingest/series_check.h"

namespace outrider {
namespace {

// Fewer samples are not worth a thread.
constexpr size_t kWorthTwo = 1U << 14;
// Samples further from their record's time are appended record by record.
constexpr DurationMs kUsualAge = 24 * kHour;

// Whether a replayed row let its series in, as far as the labels tell.
bool LabelsOfRow(const WriteRows& rows, uint32_t row, IncomingSeries* series, Labels* labels) {
  if (!rows.Decode(row, series).ok() || CheckSeries(series) != SeriesVerdict::kFine) return false;
  *labels = Labels::FromSorted(series->labels);
  return true;
}

FoundRun RunOf(const RowsByNumber& rows, uint32_t id, size_t at, uint32_t count, SenderId sender) {
  return {.id = id,
          .step = count == 1 ? 1U : 0U,
          .count = count,
          .sender = sender,
          .time = rows.time(),
          .times = rows.times(at),
          .values = rows.values(at)};
}

// Series of a block lie side by side, in one shard.
uint32_t BlockOf(uint32_t id) { return id / Windows::kNeighbours; }

// By blocks, those of a block in their order: what a block needs stays in the cache. Counted, then
// placed.
void Sort(ReplayHalf* half) {
  uint32_t end = 0;
  for (const FoundRun& run : half->runs) end = std::max(end, BlockOf(run.id) + 1);
  half->begin.assign(size_t{end} + 1, 0);
  for (const FoundRun& run : half->runs) ++half->begin[BlockOf(run.id) + 1];
  for (size_t i = 1; i < half->begin.size(); ++i) half->begin[i] += half->begin[i - 1];
  half->sorted.resize(half->runs.size());
  for (const FoundRun& run : half->runs) half->sorted[half->begin[BlockOf(run.id)]++] = run;
}

}  // namespace

void ReplayNumbers::Learn(uint32_t segment, uint32_t first, const WriteRows& rows,
                          std::span<const uint32_t> ids) {
  if (segment != segment_) {
    given_.clear();
    without_series_.clear();
    segment_ = segment;
  }
  // Numbers that are not as we give them name nothing.
  if (first == 0 || ids.empty() || ids.size() > UINT32_MAX - first) return;
  if (!given_.empty() && first < given_.back().first + given_.back().ids.size()) return;
  given_.push_back({.first = first, .ids = {ids.begin(), ids.end()}});
  IncomingSeries series;
  Labels labels;
  for (uint32_t row = 0; row < ids.size(); ++row) {
    if (ids[row] != kNoSeries) continue;
    if (LabelsOfRow(rows, row, &series, &labels)) without_series_[first + row] = std::move(labels);
  }
}

size_t ReplayNumbers::FirstBehind(uint32_t number) const {
  const auto behind =
      std::upper_bound(given_.begin(), given_.end(), number,
                       [](uint32_t wanted, const Given& given) { return wanted < given.first; });
  return static_cast<size_t>(behind - given_.begin());
}

std::span<const uint32_t> ReplayNumbers::IdsFrom(uint32_t number) const {
  const size_t behind = FirstBehind(number);
  if (behind == 0) return {};
  const Given& given = given_[behind - 1];
  const size_t at = number - given.first;
  return at < given.ids.size() ? std::span(given.ids).subspan(at) : std::span<const uint32_t>();
}

void ReplayNumbers::Find(uint32_t segment, const RowsByNumber& rows,
                         std::vector<uint32_t>* ids) const {
  ids->clear();
  ids->reserve(rows.rows());
  for (const RowsByNumber::Run& run : rows.runs()) {
    size_t left = run.rows;
    while (left > 0) {
      const auto number = static_cast<uint32_t>(run.first + (run.rows - left));
      const std::span<const uint32_t> known =
          segment == segment_ ? IdsFrom(number) : std::span<const uint32_t>();
      const size_t size = std::min(left, std::max<size_t>(known.size(), 1));
      if (known.empty()) {
        ids->push_back(kNoSeries);
      } else {
        ids->insert(ids->end(), known.begin(), known.begin() + static_cast<ptrdiff_t>(size));
      }
      left -= size;
    }
  }
}

const Labels* ReplayNumbers::LabelsOf(uint32_t segment, uint32_t number) const {
  if (segment != segment_) return nullptr;  // another run's number, maybe
  const auto found = without_series_.find(number);
  return found == without_series_.end() ? nullptr : &found->second;
}

void ReplayNumbers::Met(uint32_t number, uint32_t id) {
  if (IdsFrom(number).empty()) return;
  Given& given = given_[FirstBehind(number) - 1];
  given.ids[number - given.first] = id;
}

bool ReplayBatch::Add(std::string_view body, Timestamp time, SenderId sender) {
  if (used_ == records_.size()) records_.emplace_back();
  Record& record = records_[used_];
  if (!record.rows.Parse(body, time).ok()) return false;
  record.time = time;
  record.sender = sender;
  ++used_;
  samples_ += record.rows.samples();
  return true;
}

// A sample is judged by its own series, by the record's time (the future) and by the newest sample
// of all series (what is too old). Where the last two refuse nothing, whatever came before, series
// may be appended to one after the other.
bool ReplayBatch::OrderMatters(Timestamp newest) {
  for (const Record& record : records()) {
    if (record.rows.newest() > record.time + kMaxAhead) return true;
    if (record.rows.oldest() < record.time - kUsualAge) return true;
    newest = std::max(newest, record.rows.newest());
  }
  return std::any_of(records().begin(), records().end(), [&](const Record& record) {
    return record.rows.oldest() < newest - kKeepLabels;
  });
}

bool ReplayBatch::ApplyByLabels(const Record& record, uint32_t number,
                                std::span<const Sample> samples, Windows* windows,
                                ReplayNumbers* numbers, Outcome* outcome) {
  const Labels* labels = numbers->LabelsOf(record.segment, number);
  if (labels == nullptr) return false;
  const std::vector<LabelView> views(labels->begin(), labels->end());
  const LabeledRow row{.labels = views, .samples = samples, .maker = {.sender = record.sender}};
  std::vector<AppendCounts> counts;
  std::vector<uint32_t> ids;
  windows->AppendLabeled({&row, 1}, record.time, record.sender, &counts, &ids);
  outcome->counts += counts[0];
  if (ids[0] != kNoSeries) numbers->Met(number, ids[0]);
  return true;
}

void ReplayBatch::ApplyAlone(Record* record, Windows* windows, ReplayNumbers* numbers,
                             Outcome* outcome) {
  const RowsByNumber& rows = record->rows;
  std::vector<FoundRun> found;
  std::vector<Sample> samples;
  size_t row = 0;
  size_t at = 0;
  for (const RowsByNumber::Run& run : rows.runs()) {
    for (uint32_t i = 0; i < run.rows; ++i, ++row) {
      const uint32_t count = rows.samples_of(row);
      const size_t begin = at;
      at += count;
      if (count == 0) continue;
      if (record->ids[row] != kNoSeries) {
        found.push_back(RunOf(rows, record->ids[row], begin, count, record->sender));
        continue;
      }
      samples.clear();
      for (uint32_t n = 0; n < count; ++n) samples.push_back(rows.sample(begin + n));
      const bool known = ApplyByLabels(*record, run.first + i, samples, windows, numbers, outcome);
      if (!known) outcome->lost += count;
    }
  }
  outcome->counts += windows->AppendFound(found, record->time);
}

// Neighbours that follow each other are one run.
void ReplayBatch::AddRuns(const Record& record, ReplayHalves* halves) {
  const RowsByNumber& rows = record.rows;
  size_t at = 0;
  FoundRun* last = nullptr;
  for (size_t row = 0; row < record.ids.size(); ++row) {
    const uint32_t id = record.ids[row];
    const uint32_t count = rows.samples_of(row);
    const bool goes_on = last != nullptr && id == last->id + last->count &&
                         id % Windows::kNeighbours != 0 && last->step == 1 && count == 1;
    if (goes_on) {
      ++last->count;
    } else if (count > 0) {
      std::vector<FoundRun>& runs = (*halves)[BlockOf(id) % 2].runs;
      runs.push_back(RunOf(rows, id, at, count, record.sender));
      last = &runs.back();
    }
    at += count;
  }
}

AppendCounts ReplayBatch::ApplySorted(ReplayHalves* halves, Windows* windows) {
  Timestamp now = kNoTime;
  for (ReplayHalf& half : *halves) half.runs.clear();
  for (const Record& record : records()) {
    AddRuns(record, halves);
    now = std::max(now, record.time);
  }
  auto& [even, odd] = *halves;
  const auto apply = [&](ReplayHalf* half) {
    Sort(half);
    return windows->AppendFound(half->sorted, now);
  };
  if (samples_ < kWorthTwo || std::thread::hardware_concurrency() < 2) {
    AppendCounts counts = apply(&even);
    counts += apply(&odd);
    return counts;
  }
  AppendCounts counts;
  AppendCounts others;
  {
    const std::jthread helper([&] { others = apply(&odd); });
    counts = apply(&even);
  }
  counts += others;
  return counts;
}

ReplayBatch::Outcome ReplayBatch::Apply(uint32_t segment, Windows* windows, ReplayNumbers* numbers,
                                        ReplayHalves* halves) {
  Outcome outcome;
  bool all_found = true;
  for (Record& record : records()) {
    numbers->Find(segment, record.rows, &record.ids);
    all_found &= std::find(record.ids.begin(), record.ids.end(), kNoSeries) == record.ids.end();
  }
  if (all_found && !OrderMatters(windows->Newest())) {
    outcome.counts = ApplySorted(halves, windows);
    return outcome;
  }
  for (Record& record : records()) {
    record.segment = segment;
    numbers->Find(segment, record.rows, &record.ids);  // some may have come meanwhile
    ApplyAlone(&record, windows, numbers, &outcome);
  }
  return outcome;
}

}  // namespace outrider
