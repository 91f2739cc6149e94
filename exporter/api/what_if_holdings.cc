// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/what_if_holdings.h"

#include <algorithm>
#include <map>

#include "rules/pricing/newest_values.h"

namespace outrider {
namespace {

// kube-state-metrics' own label, where the scrape put another in its place.
std::string Label(const SeriesLabels& labels, std::string_view name) {
  const std::string_view exported = labels.Get("exported_" + std::string(name));
  return std::string(exported.empty() ? labels.Get(name) : exported);
}

// Of one pod.
double Held(const ResourceAdvice& advice, HoldingBasis basis) {
  if (basis == HoldingBasis::kRecommended && advice.enough_data) return advice.recommended.target;
  return std::max(advice.request.value_or(0), advice.mean_use);
}

}  // namespace

std::vector<WhatIfHolding> HoldingsOf(const std::vector<Recommendation>& recommendations,
                                      HoldingBasis basis) {
  std::map<WorkloadKey, WhatIfHolding> holdings;
  for (const Recommendation& one : recommendations) {
    if (one.pods == 0 || one.is_node) continue;  // holds nothing now; its pods count
    WhatIfHolding& holding = holdings[one.key];
    holding.namespace_name = one.key.namespace_name;
    holding.workload = one.key.workload;
    holding.workload_kind = one.key.workload_kind;
    const auto pods = static_cast<int64_t>(one.pods);
    holding.pods = std::max(holding.pods, pods);
    holding.cores += Decimal::FromDouble(Held(one.cpu, basis)) * Decimal::FromInt(pods);
    holding.memory_gib += Decimal::FromDouble(Held(one.memory, basis)).TimesRatio(pods, kGibBytes);
    holding.used_cores += one.cpu.mean_use * static_cast<double>(pods);
  }
  std::vector<WhatIfHolding> rows;
  rows.reserve(holdings.size());
  for (auto& [key, holding] : holdings) rows.push_back(std::move(holding));
  return rows;
}

StatusOr<std::vector<WhatIfHolding>> ReadVolumesAndGpus(const Querier& querier, Timestamp now) {
  std::map<std::pair<std::string, std::string>, std::string> classes;  // of claims
  TRY(ForNewest(querier, "kube_persistentvolumeclaim_info", now,
                [&](const SeriesLabels& labels, double) {
                  classes[{Label(labels, "namespace"), Label(labels, "persistentvolumeclaim")}] =
                      labels.Get("storageclass");
                }));
  std::map<std::pair<std::string, std::string>, double> claims;  // two kube-state-metrics tell one
  TRY(ForNewest(querier, "kube_persistentvolumeclaim_resource_requests_storage_bytes", now,
                [&](const SeriesLabels& labels, double value) {
                  double& bytes =
                      claims[{Label(labels, "namespace"), Label(labels, "persistentvolumeclaim")}];
                  if (value > bytes) bytes = value;
                }));
  std::map<std::pair<std::string, std::string>, WhatIfHolding> holdings;
  for (const auto& [claim, bytes] : claims) {
    const auto found = classes.find(claim);
    const std::string storage_class = found == classes.end() ? "" : found->second;
    WhatIfHolding& holding = holdings[{claim.first, storage_class}];
    holding.namespace_name = claim.first;
    holding.workload = storage_class;
    holding.workload_kind = "StorageClass";
    holding.storage_class = storage_class;
    holding.storage_gib += Decimal::FromDouble(bytes / kBytesPerGib);
  }
  std::map<std::string, std::map<std::string, double>> gpus;  // namespace -> container -> GPUs
  TRY(ForNewest(querier, "kube_pod_container_resource_requests", now,
                [&](const SeriesLabels& labels, double value) {
                  if (!labels.Get("resource").ends_with("_com_gpu")) return;
                  double& count = gpus[Label(labels, "namespace")]
                                      [Label(labels, "pod") + "/" + Label(labels, "container")];
                  if (value > count) count = value;
                }));
  std::vector<WhatIfHolding> rows;
  rows.reserve(holdings.size() + gpus.size());
  for (auto& [key, holding] : holdings) rows.push_back(std::move(holding));
  for (const auto& [name, containers] : gpus) {
    WhatIfHolding& holding = rows.emplace_back();
    holding.namespace_name = name;
    holding.workload_kind = "GPU";
    for (const auto& [container, count] : containers) holding.gpus += Decimal::FromDouble(count);
  }
  return rows;
}

}  // namespace outrider
