// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/incoming.h"

#include <algorithm>

#include "storage/base/hash.h"

namespace outrider {
namespace {

bool ByName(const LabelView& a, const LabelView& b) { return a.name < b.name; }

// Equal ones stay as they came. Most alerts have few labels, and std::stable_sort allocates.
void SortByName(std::span<LabelView> pairs) {
  constexpr size_t kFew = 24;
  if (pairs.size() > kFew) return std::stable_sort(pairs.begin(), pairs.end(), ByName);
  for (size_t i = 1; i < pairs.size(); ++i) {
    const LabelView pair = pairs[i];
    size_t at = i;
    for (; at > 0 && ByName(pair, pairs[at - 1]); --at) pairs[at] = pairs[at - 1];
    pairs[at] = pair;
  }
}

// Sorts by name, and keeps the last of equal ones.
void SortUnique(std::vector<LabelView>* pairs, size_t from) {
  const auto begin = pairs->begin() + static_cast<std::ptrdiff_t>(from);
  SortByName(std::span(*pairs).subspan(from));
  auto out = begin;
  for (auto it = begin; it != pairs->end(); ++it) {
    if (it + 1 != pairs->end() && (it + 1)->name == it->name) continue;
    *out++ = *it;
  }
  pairs->erase(out, pairs->end());
}

uint64_t FingerprintOf(std::span<const LabelView> labels) {
  static constexpr std::string_view kSeparator = "\xff";
  uint64_t state = Fnv1a64("");
  for (const LabelView& label : labels) {
    state = Fnv1a64(kSeparator, Fnv1a64(label.name, state));
    state = Fnv1a64(kSeparator, Fnv1a64(label.value, state));
  }
  return state;
}

}  // namespace

void IncomingAlerts::Begin() {
  open_ = {};
  annotations_.clear();
  generator_url_ = {};
}

void IncomingAlerts::SetTimes(const AlertTime& starts_at, const AlertTime& ends_at) {
  open_.starts_at = starts_at.nanos;
  open_.starts_offset = starts_at.offset_seconds;
  open_.ends_at = ends_at.nanos;
  open_.ends_offset = ends_at.offset_seconds;
}

void IncomingAlerts::End() {
  const size_t from = LabelsBegin();
  SortUnique(&labels_, from);
  labels_.erase(std::remove_if(labels_.begin() + static_cast<std::ptrdiff_t>(from), labels_.end(),
                               [](const LabelView& label) { return label.value.empty(); }),
                labels_.end());
  open_.labels_end = static_cast<uint32_t>(labels_.size());
  open_.fingerprint = FingerprintOf(std::span(labels_).subspan(from));
  SortUnique(&annotations_, 0);
  AppendDetail(generator_url_, &details_);
  for (const LabelView& annotation : annotations_) {
    AppendDetail(annotation.name, &details_);
    AppendDetail(annotation.value, &details_);
  }
  open_.details_end = static_cast<uint32_t>(details_.size());
  rows_.push_back(open_);
}

void IncomingAlerts::Discard() { labels_.resize(LabelsBegin()); }

void IncomingAlerts::Add(const Alert& alert) {
  Begin();
  for (const LabelView label : alert.labels) AddLabel(label.name, label.value);
  for (const auto& [name, value] : alert.annotations) AddAnnotation(name, value);
  SetGeneratorUrl(alert.generator_url);
  SetTimes(alert.starts_at, alert.ends_at);
  open_.updated_at = alert.updated_at;
  open_.timeout = alert.timeout;
  open_.source = alert.source;
  open_.value = alert.value;
  End();
}

IncomingAlert IncomingAlerts::at(size_t i) const {
  const Row& row = rows_[i];
  const size_t labels_begin = i == 0 ? 0 : rows_[i - 1].labels_end;
  const size_t details_begin = i == 0 ? 0 : rows_[i - 1].details_end;
  IncomingAlert alert;
  alert.fingerprint = row.fingerprint;
  alert.labels = std::span(labels_).subspan(labels_begin, row.labels_end - labels_begin);
  alert.details = std::string_view(details_).substr(details_begin, row.details_end - details_begin);
  alert.starts_at = {row.starts_at, row.starts_offset};
  alert.ends_at = {row.ends_at, row.ends_offset};
  alert.updated_at = row.updated_at;
  alert.value = row.value;
  alert.source = row.source;
  alert.timeout = row.timeout;
  return alert;
}

}  // namespace outrider
