// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/metadata_store.h"

#include <algorithm>
#include <array>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, kMetricTypes> kTypeNames = {
    "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};

struct PartName {
  MetricType type;
  std::string_view suffix;
};
constexpr PartName kParts[] = {
    {MetricType::kHistogram, "_bucket"},      {MetricType::kHistogram, "_count"},
    {MetricType::kHistogram, "_sum"},         {MetricType::kGaugeHistogram, "_bucket"},
    {MetricType::kGaugeHistogram, "_gcount"}, {MetricType::kGaugeHistogram, "_gsum"},
    {MetricType::kSummary, "_count"},         {MetricType::kSummary, "_sum"},
};

// Cut to `size` bytes at most, between characters.
std::string_view Cut(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<uint8_t>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

size_t AtMost(size_t size, int64_t limit) {
  return limit < 0 ? size : std::min(size, static_cast<size_t>(limit));
}

}  // namespace

std::string_view MetricTypeName(MetricType type) { return kTypeNames[static_cast<size_t>(type)]; }

std::string_view FamilyOf(std::string_view metric_name, MetricType type) {
  for (const PartName& part : kParts) {
    if (part.type == type && metric_name.size() > part.suffix.size() &&
        metric_name.ends_with(part.suffix)) {
      return metric_name.substr(0, metric_name.size() - part.suffix.size());
    }
  }
  return metric_name;
}

bool MetadataStore::Refresh(Family& family, const IncomingMetadata& metadata) {
  for (const std::unique_ptr<Entry>& entry : family.entries) {
    if (entry->type != metadata.type || entry->help->first != metadata.help ||
        entry->unit->first != metadata.unit) {
      continue;
    }
    // Only where senders differ is anything written, and threads that race here agree enough.
    const uint64_t newest = family.heard.load(std::memory_order_relaxed);
    if (entry->heard.load(std::memory_order_relaxed) != newest) {
      entry->heard.store(1 + family.heard.fetch_add(1, std::memory_order_relaxed),
                         std::memory_order_relaxed);
    }
    return true;
  }
  return false;
}

void MetadataStore::Learn(std::string_view family, const IncomingMetadata& metadata) {
  if (family.empty()) return;
  const IncomingMetadata cut{.type = metadata.type,
                             .help = Cut(metadata.help, options_.max_text),
                             .unit = Cut(metadata.unit, options_.max_text)};
  if (cut.type == MetricType::kUnknown && cut.help.empty() && cut.unit.empty()) return;
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto it = families_.find(family);
    if (it != families_.end() && Refresh(it->second, cut)) return;
  }
  if (!IsValidUtf8(family) || !IsValidUtf8(cut.help) || !IsValidUtf8(cut.unit)) return;
  const absl::MutexLock lock(&mutex_);
  Add(family, cut);
}

void MetadataStore::Add(std::string_view name, const IncomingMetadata& metadata) {
  auto it = families_.find(name);
  if (it != families_.end() && Refresh(it->second, metadata)) return;  // another thread was faster
  const bool is_new = it == families_.end();
  const size_t bytes = metadata.help.size() + metadata.unit.size() + (is_new ? name.size() : 0);
  if ((is_new && (families_.size() >= options_.max_families || name.size() > options_.max_text)) ||
      stats_.bytes + bytes > options_.max_bytes) {
    ++stats_.refused;
    return;
  }
  if (is_new) {
    it = families_.try_emplace(std::string(name)).first;
    stats_.bytes += name.size();
  }
  Family& family = it->second;
  if (family.entries.size() >= options_.max_per_family) DropOldest(family);
  auto entry = std::make_unique<Entry>();
  entry->type = metadata.type;
  entry->help = Use(metadata.help);
  entry->unit = Use(metadata.unit);
  entry->heard = ++family.heard;
  family.entries.push_back(std::move(entry));
  ++stats_.entries;
}

void MetadataStore::DropOldest(Family& family) {
  const auto oldest = std::min_element(
      family.entries.begin(), family.entries.end(),
      [](const auto& a, const auto& b) { return a->heard.load() < b->heard.load(); });
  if (oldest == family.entries.end()) return;
  Release((*oldest)->help);
  Release((*oldest)->unit);
  family.entries.erase(oldest);
  --stats_.entries;
}

MetadataStore::Text MetadataStore::Use(std::string_view text) {
  auto it = texts_.find(text);
  if (it == texts_.end()) {
    it = texts_.try_emplace(std::string(text), 0).first;
    stats_.bytes += text.size();
  }
  ++it->second;
  return &*it;
}

void MetadataStore::Release(Text text) {
  if (--text->second > 0) return;
  stats_.bytes -= text->first.size();
  texts_.erase(texts_.find(text->first));
}

std::vector<MetadataEntry> MetadataStore::Recent(const Family& family, int64_t limit) {
  std::vector<std::pair<uint64_t, const Entry*>> order;  // read once: other threads may refresh
  for (const std::unique_ptr<Entry>& entry : family.entries) {
    order.emplace_back(entry->heard.load(), entry.get());
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const size_t count = AtMost(order.size(), limit);
  std::vector<MetadataEntry> result;
  for (size_t i = order.size() - count; i < order.size(); ++i) {
    const Entry& entry = *order[i].second;
    result.push_back({entry.type, entry.help->first, entry.unit->first});
  }
  return result;
}

std::vector<FamilyMetadata> MetadataStore::List(std::string_view family, int64_t limit,
                                                int64_t limit_per_metric) const {
  const absl::ReaderMutexLock lock(&mutex_);
  std::vector<const StringMap<Family>::value_type*> chosen;
  if (!family.empty()) {
    const auto it = families_.find(family);
    if (it != families_.end()) chosen.push_back(&*it);
  } else {
    chosen.reserve(families_.size());
    for (const auto& one : families_) chosen.push_back(&one);
  }
  const size_t count = AtMost(chosen.size(), limit);
  const auto end = chosen.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(chosen.begin(), end, chosen.end(),
                    [](const auto* a, const auto* b) { return a->first < b->first; });
  std::vector<FamilyMetadata> result;
  result.reserve(count);
  for (auto it = chosen.begin(); it != end; ++it) {
    result.push_back({(*it)->first, Recent((*it)->second, limit_per_metric)});
  }
  return result;
}

MetadataStats MetadataStore::Stats() const {
  const absl::ReaderMutexLock lock(&mutex_);
  MetadataStats stats = stats_;
  stats.families = families_.size();
  return stats;
}

}  // namespace outrider
