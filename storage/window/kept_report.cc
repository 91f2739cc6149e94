// SPDX-License-Identifier: Apache-2.0
// One walk over the series gives their sizes by id; after that only the index is asked which ids
// each reference selects.
#include "storage/window/kept_report.h"

#include <algorithm>
#include <set>

namespace outrider {
namespace {

using Sizes = std::vector<SeriesSize>;

void Add(const SeriesSize& size, SeriesUsage* usage) {
  ++usage->series;
  usage->samples += size.samples;
  usage->bytes += size.bytes;
}

// Adds the series that match and for which `mark` (by id) is not `stamp` yet, and marks them.
void AddMatching(const Windows& windows, std::span<const Matcher> matchers, const Sizes& sizes,
                 uint32_t stamp, std::vector<uint32_t>* marks, SeriesUsage* usage) {
  for (const uint32_t id : windows.IdsOf(matchers)) {
    if (id >= sizes.size() || !sizes[id].exists) continue;  // it came meanwhile
    if ((*marks)[id] == stamp) continue;
    (*marks)[id] = stamp;
    Add(sizes[id], usage);
  }
}

SeriesUsage SumOf(const Sizes& sizes) {
  SeriesUsage sum;
  for (const SeriesSize& size : sizes) {
    if (size.exists) Add(size, &sum);
  }
  return sum;
}

UsageByKind KindsOf(const Windows& windows, const RetentionPlan& plan, const Sizes& sizes) {
  UsageByKind kinds;
  std::vector<uint32_t> marks(sizes.size());
  SeriesUsage referenced;
  std::set<std::string> seen;  // rules of a group often select the same
  // Longest horizon first: whoever comes first needs it longest.
  for (const SeriesReference& reference : plan.references()) {
    SeriesUsage more;
    std::string selector;
    for (const Matcher& matcher : reference.matchers) selector += matcher.ToString() + ",";
    if (!seen.insert(std::move(selector)).second) {
      kinds[reference.owner.kind];  // listed, be it with nothing
      continue;
    }
    AddMatching(windows, reference.matchers, sizes, 1, &marks, &more);
    for (SeriesUsage* usage : {&kinds[reference.owner.kind], &referenced}) {
      usage->series += more.series;
      usage->samples += more.samples;
      usage->bytes += more.bytes;
    }
  }
  const SeriesUsage all = SumOf(sizes);
  kinds[kUnreferencedKind] = {.series = all.series - referenced.series,
                              .samples = all.samples - referenced.samples,
                              .bytes = all.bytes - referenced.bytes};
  return kinds;
}

std::vector<OwnerUsage> OwnersOf(const Windows& windows, const RetentionPlan& plan,
                                 const Sizes& sizes) {
  std::map<SeriesOwner, std::vector<const SeriesReference*>> by_owner;
  for (const SeriesReference& reference : plan.references()) {
    by_owner[reference.owner].push_back(&reference);
  }
  std::vector<OwnerUsage> owners;
  std::vector<uint32_t> marks(sizes.size());
  for (const auto& [owner, references] : by_owner) {
    OwnerUsage& one = owners.emplace_back();
    one.owner = owner;
    one.horizon = references.front()->horizon;
    one.keep = plan.Keep(one.horizon);
    for (const SeriesReference* reference : references) {
      AddMatching(windows, reference->matchers, sizes, static_cast<uint32_t>(owners.size()), &marks,
                  &one.usage);
    }
  }
  std::stable_sort(owners.begin(), owners.end(), [](const OwnerUsage& a, const OwnerUsage& b) {
    return a.usage.bytes > b.usage.bytes;
  });
  return owners;
}

std::vector<std::pair<std::string, SeriesUsage>> MetricsOf(const Windows& windows,
                                                           const Sizes& sizes) {
  std::vector<std::pair<std::string, SeriesUsage>> metrics;
  std::vector<uint32_t> marks(sizes.size());
  for (std::string& name : windows.AllValues(kMetricName)) {
    SeriesUsage usage;
    const Matcher matcher = Matcher::Equal(std::string(kMetricName), name);
    AddMatching(windows, {&matcher, 1}, sizes, 1, &marks, &usage);
    if (usage.series > 0) metrics.emplace_back(std::move(name), usage);
  }
  std::stable_sort(metrics.begin(), metrics.end(),
                   [](const auto& a, const auto& b) { return a.second.bytes > b.second.bytes; });
  return metrics;
}

}  // namespace

KeptReport ReportKept(const Windows& windows) {
  const auto plan = windows.Plan();
  const Sizes sizes = windows.AllSizes();
  return {.retention = plan->retention(),
          .unreferenced = plan->Keep(0),
          .owners = OwnersOf(windows, *plan, sizes),
          .metrics = MetricsOf(windows, sizes),
          .kinds = KindsOf(windows, *plan, sizes),
          .total = SumOf(sizes)};
}

UsageByKind KeptByKind(const Windows& windows) {
  return KindsOf(windows, *windows.Plan(), windows.AllSizes());
}

}  // namespace outrider
