// SPDX-License-Identifier: Apache-2.0
#include "storage/window/exemplars.h"

#include <algorithm>
#include <array>

#include "storage/base/text.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(ExemplarVerdict::kEnd)> kReasons = {
    "", "duplicate", "out_of_order", "too_long", "invalid_utf8", "disabled"};

// Of one series at one time, that a new one is compared with.
constexpr int kComparedAtOneTime = 16;

bool Same(const Exemplar& a, const Exemplar& b) {
  return a.time == b.time && SameBits(a.value, b.value) && a.labels == b.labels;
}

ExemplarVerdict JudgeLabels(const Labels& labels) {
  size_t runes = 0;
  for (const LabelView label : labels) {
    runes += RuneCount(label.name) + RuneCount(label.value);
    if (runes > kMaxExemplarRunes) return ExemplarVerdict::kTooLong;
    if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value)) return ExemplarVerdict::kBadUtf8;
  }
  return ExemplarVerdict::kAdded;
}

bool MatchesAny(std::span<const std::vector<Matcher>> sets, const Labels& labels) {
  return std::any_of(sets.begin(), sets.end(),
                     [&](const auto& matchers) { return MatchesAll(matchers, labels); });
}

}  // namespace

std::string_view ReasonOf(ExemplarVerdict verdict) {
  return kReasons[static_cast<size_t>(verdict)];
}

ExemplarVerdict ExemplarStore::Judge(const Chain& chain, const Exemplar& exemplar) const {
  if (!Kept(chain.newest)) return ExemplarVerdict::kAdded;
  if (exemplar.time < At(chain.newest).exemplar.time) return ExemplarVerdict::kOutOfOrder;
  uint64_t number = chain.newest;
  for (int i = 0; i < kComparedAtOneTime && Kept(number); ++i) {
    const Slot& slot = At(number);
    if (slot.exemplar.time != exemplar.time) break;
    if (Same(slot.exemplar, exemplar)) return ExemplarVerdict::kDuplicate;
    number = slot.previous;
  }
  return ExemplarVerdict::kAdded;
}

ExemplarVerdict ExemplarStore::Add(const Labels& series, const Exemplar& exemplar) {
  using enum ExemplarVerdict;
  if (options_.max_exemplars == 0) return kDisabled;
  if (const ExemplarVerdict verdict = JudgeLabels(exemplar.labels); verdict != kAdded)
    return verdict;
  const absl::MutexLock lock(&mutex_);
  auto it = series_.find(series);
  if (it != series_.end()) {
    const ExemplarVerdict verdict = Judge(it->second, exemplar);
    if (verdict != kAdded) return verdict;
  } else {
    it = series_.try_emplace(series).first;
    bytes_ += series.packed().size();
  }
  Slot& slot = slots_.emplace_back();
  slot.exemplar = exemplar;
  slot.series = &*it;
  slot.previous = it->second.newest;
  it->second.newest = first_ + slots_.size() - 1;
  bytes_ += exemplar.labels.packed().size();
  while (slots_.size() > options_.max_exemplars || (bytes_ > options_.max_bytes && !slots_.empty()))
    DropFirst();
  return kAdded;
}

void ExemplarStore::DropFirst() {
  const Slot& slot = slots_.front();
  bytes_ -= slot.exemplar.labels.packed().size();
  if (slot.series->second.newest == first_) {
    bytes_ -= slot.series->first.packed().size();
    series_.erase(series_.find(slot.series->first));
  }
  slots_.pop_front();
  ++first_;
}

std::vector<Exemplar> ExemplarStore::Read(const Chain& chain, Timestamp from, Timestamp to) const {
  std::vector<Exemplar> result;
  for (uint64_t number = chain.newest; Kept(number); number = At(number).previous) {
    const Exemplar& exemplar = At(number).exemplar;
    if (exemplar.time < from) break;  // the rest is older still
    if (exemplar.time <= to) result.push_back(exemplar);
  }
  std::reverse(result.begin(), result.end());
  return result;
}

std::vector<ExemplarSeries> ExemplarStore::Select(std::span<const std::vector<Matcher>> sets,
                                                  Timestamp from, Timestamp to) const {
  std::vector<ExemplarSeries> result;
  {
    const absl::ReaderMutexLock lock(&mutex_);
    for (const auto& [labels, chain] : series_) {
      if (!MatchesAny(sets, labels)) continue;
      std::vector<Exemplar> exemplars = Read(chain, from, to);
      if (!exemplars.empty()) result.push_back({labels, std::move(exemplars)});
    }
  }
  std::sort(result.begin(), result.end(),
            [](const ExemplarSeries& a, const ExemplarSeries& b) { return a.series < b.series; });
  return result;
}

ExemplarStats ExemplarStore::Stats() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return {.exemplars = slots_.size(),
          .series = series_.size(),
          .bytes = bytes_,
          .oldest = slots_.empty() ? 0 : slots_.front().exemplar.time};
}

}  // namespace outrider
