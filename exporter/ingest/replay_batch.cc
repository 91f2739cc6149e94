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

const Labels* ReplayNumbers::LabelsOf(uint32_t number) const {
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
  const Labels* labels = numbers->LabelsOf(number);
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
  std::vector<FoundSample> found;
  std::vector<Sample> samples;
  size_t row = 0;
  size_t at = 0;
  for (const RowsByNumber::Run& run : record->rows.runs()) {
    for (uint32_t i = 0; i < run.rows; ++i, ++row) {
      samples.clear();
      for (uint32_t n = record->rows.samples_of(row); n > 0; --n) {
        samples.push_back(record->rows.sample(at++));
      }
      if (record->ids[row] == kNoSeries) {
        if (samples.empty()) continue;
        const bool known =
            ApplyByLabels(*record, run.first + i, samples, windows, numbers, outcome);
        if (!known) outcome->lost += samples.size();
        continue;
      }
      for (const Sample& sample : samples) {
        found.push_back({.id = record->ids[row], .sender = record->sender, .sample = sample});
      }
    }
  }
  outcome->counts += windows->AppendFound(found, record->time);
}

// Sorted by blocks of neighbours, the samples of a series in their order: what a block needs stays
// in the cache.
AppendCounts ReplayBatch::ApplyHalf(uint32_t half, uint32_t end_id, ReplayHalf* scratch,
                                    Windows* windows) {
  const auto is_mine = [&](uint32_t id) { return id / Windows::kNeighbours % 2 == half; };
  const auto block_of = [](uint32_t id) { return id / Windows::kNeighbours / 2; };
  const auto for_each = [&](auto use) {
    for (const Record& record : records()) {
      size_t at = 0;
      for (size_t row = 0; row < record.ids.size(); ++row) {
        const uint32_t count = record.rows.samples_of(row);
        if (is_mine(record.ids[row])) use(record, record.ids[row], at, count);
        at += count;
      }
    }
  };
  std::vector<size_t>& begin = scratch->begin;
  begin.assign(block_of(end_id) + 2, 0);
  for_each([&](const Record&, uint32_t id, size_t, uint32_t count) {
    begin[block_of(id) + 1] += count;
  });
  for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  scratch->samples.resize(begin.back());
  for_each([&](const Record& record, uint32_t id, size_t at, uint32_t count) {
    size_t& place = begin[block_of(id)];
    for (uint32_t i = 0; i < count; ++i) {
      scratch->samples[place++] = {
          .id = id, .sender = record.sender, .sample = record.rows.sample(at + i)};
    }
  });
  Timestamp now = kNoTime;
  for (const Record& record : records()) now = std::max(now, record.time);
  return windows->AppendFound(scratch->samples, now);
}

AppendCounts ReplayBatch::ApplySorted(uint32_t end_id, ReplayHalves* halves, Windows* windows) {
  auto& [even, odd] = *halves;
  AppendCounts counts;
  if (samples_ < kWorthTwo || std::thread::hardware_concurrency() < 2) {
    counts += ApplyHalf(0, end_id, &even, windows);
    counts += ApplyHalf(1, end_id, &odd, windows);
    return counts;
  }
  AppendCounts others;
  {
    const std::jthread helper([&] { others = ApplyHalf(1, end_id, &odd, windows); });
    counts += ApplyHalf(0, end_id, &even, windows);
  }
  counts += others;
  return counts;
}

ReplayBatch::Outcome ReplayBatch::Apply(uint32_t segment, Windows* windows, ReplayNumbers* numbers,
                                        ReplayHalves* halves) {
  Outcome outcome;
  uint32_t end_id = 0;
  for (Record& record : records()) {
    numbers->Find(segment, record.rows, &record.ids);
    for (const uint32_t id : record.ids) end_id = std::max(end_id, id);  // kNoSeries: the greatest
  }
  if (end_id != kNoSeries && !OrderMatters(windows->Newest())) {
    outcome.counts = ApplySorted(end_id, halves, windows);
    return outcome;
  }
  for (Record& record : records()) {
    numbers->Find(segment, record.rows, &record.ids);  // some may have come meanwhile
    ApplyAlone(&record, windows, numbers, &outcome);
  }
  return outcome;
}

}  // namespace outrider
