// SPDX-License-Identifier: Apache-2.0
// Reading. The index gives ids, then each series is read under its shard's lock. A series that went
// meanwhile, and whose slot another one took, is told by its birth number.
#include <algorithm>

#include "fmt/format.h"
#include "storage/window/windows.h"

namespace outrider {

template <typename Visit>
void Windows::ForEach(const std::vector<uint32_t>& ids, uint64_t born_before, Visit visit) const {
  for (size_t i = 0; i < ids.size(); ++i) {
    const Shard& shard = shards_[ids[i] % kShards];
    const absl::MutexLock lock(&shard.mutex);
    const uint32_t slot = ids[i] / kShards;
    if (slot >= shard.series.size()) continue;
    const Series& series = shard.series[slot];
    if (series.birth == 0 || series.birth >= born_before) continue;
    if (!visit(i, series)) return;
  }
}

Status Windows::Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                       size_t max_samples, SeriesSet* out) const {
  out->Clear();
  const uint64_t born_before = next_birth_;
  std::vector<Labels> labels;
  const std::vector<uint32_t> ids = index_.Match(matchers, &labels);
  bool too_many = false;
  ForEach(ids, born_before, [&](size_t i, const Series& series) {
    const size_t begin = out->times.size();
    if (!series.Read(from, to, &out->times, &out->values)) ++damaged_chunks_;
    if (out->times.size() == begin) return true;
    out->rows.push_back(
        {.labels = std::move(labels[i]), .id = ids[i], .begin = begin, .end = out->times.size()});
    too_many = out->times.size() > max_samples;
    return !too_many;
  });
  if (!too_many) return absl::OkStatus();
  out->Clear();
  return absl::ResourceExhaustedError(
      fmt::format("the query would load more than {} samples into memory", max_samples));
}

std::vector<uint32_t> Windows::Live(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                                    std::vector<Labels>* labels) const {
  const uint64_t born_before = next_birth_;
  const std::vector<uint32_t> ids = index_.Match(matchers, labels);
  std::vector<uint32_t> live;
  ForEach(ids, born_before, [&](size_t i, const Series& series) {
    if (!series.HasSampleIn(from, to)) return true;
    if (labels != nullptr && live.size() != i) (*labels)[live.size()] = std::move((*labels)[i]);
    live.push_back(ids[i]);
    return true;
  });
  if (labels != nullptr) labels->resize(live.size());
  return live;
}

StatusOr<std::vector<Labels>> Windows::SelectLabels(std::span<const Matcher> matchers,
                                                    Timestamp from, Timestamp to) const {
  std::vector<Labels> labels;
  Live(matchers, from, to, &labels);
  std::sort(labels.begin(), labels.end());
  return labels;
}

StatusOr<std::vector<std::string>> Windows::LabelNames(std::span<const Matcher> matchers,
                                                       Timestamp from, Timestamp to) const {
  return index_.NamesOf(Live(matchers, from, to, nullptr));
}

StatusOr<std::vector<std::string>> Windows::LabelValues(std::string_view name,
                                                        std::span<const Matcher> matchers,
                                                        Timestamp from, Timestamp to) const {
  return index_.ValuesOf(name, Live(matchers, from, to, nullptr));
}

}  // namespace outrider
