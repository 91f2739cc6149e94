// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/rows_by_number.h"

#include <algorithm>

#include "storage/wal/log_format.h"
#include "storage/window/chunk_block.h"

namespace outrider {
namespace {

constexpr uint8_t kCounts = 1;
constexpr uint8_t kTimes = 2;

Status Damaged() { return absl::DataLossError("a record of samples by number is not whole"); }

uint64_t ZigZag(uint64_t v) { return (v << 1) ^ (0 - (v >> 63)); }
uint64_t UnZigZag(uint64_t v) { return (v >> 1) ^ (0 - (v & 1)); }

void PutRuns(std::span<const uint32_t> numbers, std::string* body) {
  const auto is_end = [&](size_t i) {
    return i + 1 == numbers.size() || numbers[i + 1] != numbers[i] + 1;
  };
  uint64_t runs = 0;
  for (size_t i = 0; i < numbers.size(); ++i) runs += is_end(i) ? 1 : 0;
  PutVarint(runs, body);
  uint64_t behind = 0;
  for (size_t begin = 0; begin < numbers.size();) {
    size_t end = begin;
    while (!is_end(end)) ++end;
    ++end;
    PutVarint(ZigZag(numbers[begin] - behind), body);
    PutVarint(end - begin, body);
    behind = uint64_t{numbers[end - 1]} + 1;
    begin = end;
  }
}

void PutTimes(std::span<const Sample> samples, Timestamp record_time, std::string* body) {
  auto before = static_cast<uint64_t>(record_time);
  for (const Sample& sample : samples) {
    const auto time = static_cast<uint64_t>(sample.time);
    PutVarint(ZigZag(time - before), body);
    before = time;
  }
}

void PutValues(std::span<const Sample> samples, std::string* body) {
  size_t at = body->size();
  body->resize(at + samples.size() * sizeof(double));
  for (const Sample& sample : samples) {
    std::memcpy(body->data() + at, &sample.value, sizeof sample.value);
    at += sizeof sample.value;
  }
}

}  // namespace

void PutFirstNumber(uint32_t first, std::string* body) { log_format::Put(body->data(), first); }

StatusOr<uint32_t> CutFirstNumber(std::string_view* body) {
  if (body->size() < kFirstNumberBytes) return Damaged();
  const auto first = log_format::Get<uint32_t>(*body, 0);
  body->remove_prefix(kFirstNumberBytes);
  return first;
}

void EncodeByNumber(const WriteRows& rows, std::span<const uint32_t> numbers, Timestamp record_time,
                    std::string* body) {
  const std::span<const Sample> samples = rows.samples();
  const bool one_each = std::all_of(rows.rows().begin(), rows.rows().end(),
                                    [](const KeyedRow& row) { return row.end - row.begin == 1; });
  const bool one_time = std::all_of(samples.begin(), samples.end(), [&](const Sample& sample) {
    return sample.time == samples[0].time;
  });
  body->clear();
  body->push_back(static_cast<char>((one_each ? 0 : kCounts) | (one_time ? 0 : kTimes)));
  PutRuns(numbers, body);
  if (!one_each) {
    for (const KeyedRow& row : rows.rows()) PutVarint(row.end - row.begin, body);
  }
  PutTimes(one_time ? samples.first(1) : samples, record_time, body);
  PutValues(samples, body);
}

bool RowsByNumber::ParseRuns(std::string_view* body) {
  uint64_t runs = 0;
  if (!GetVarint(body, &runs) || runs > body->size()) return false;
  uint64_t behind = 0;
  for (uint64_t i = 0; i < runs; ++i) {
    uint64_t step = 0;
    uint64_t rows = 0;
    if (!GetVarint(body, &step) || !GetVarint(body, &rows)) return false;
    const uint64_t first = behind + UnZigZag(step);
    // Each row has at least a byte: its value or its number of samples.
    if (rows == 0 || rows > body->size() || first > UINT32_MAX || rows > UINT32_MAX - first) {
      return false;
    }
    runs_.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(rows)});
    rows_ += rows;
    behind = first + rows;
  }
  return rows_ <= body->size();
}

bool RowsByNumber::ParseCounts(std::string_view* body) {
  counts_.reserve(rows_);
  for (size_t row = 0; row < rows_; ++row) {
    uint64_t count = 0;
    if (!GetVarint(body, &count) || count > body->size()) return false;
    counts_.push_back(static_cast<uint32_t>(count));
    samples_ += count;
  }
  return samples_ <= body->size() / sizeof(double);
}

bool RowsByNumber::ParseTimes(std::string_view* body, size_t times, Timestamp record_time) {
  auto time = static_cast<uint64_t>(record_time);
  times_.reserve(times);
  for (size_t i = 0; i < times; ++i) {
    uint64_t step = 0;
    if (!GetVarint(body, &step)) return false;
    time += UnZigZag(step);
    times_.push_back(static_cast<Timestamp>(time));
  }
  const auto [oldest, newest] = std::minmax_element(times_.begin(), times_.end());
  oldest_ = *oldest;
  newest_ = *newest;
  return true;
}

Status RowsByNumber::Parse(std::string_view body, Timestamp record_time) {
  runs_.clear();
  counts_.clear();
  times_.clear();
  rows_ = samples_ = 0;
  if (body.empty()) return Damaged();
  const auto flags = static_cast<uint8_t>(body[0]);
  body.remove_prefix(1);
  if (flags > (kCounts | kTimes) || !ParseRuns(&body)) return Damaged();
  if ((flags & kCounts) == 0) {
    samples_ = rows_;
  } else if (!ParseCounts(&body)) {
    return Damaged();
  }
  if (samples_ == 0 || samples_ > body.size() / sizeof(double)) return Damaged();
  if (!ParseTimes(&body, (flags & kTimes) != 0 ? samples_ : 1, record_time)) return Damaged();
  if (body.size() != samples_ * sizeof(double)) return Damaged();
  values_ = body;
  return absl::OkStatus();
}

}  // namespace outrider
