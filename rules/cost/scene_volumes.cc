// SPDX-License-Identifier: Apache-2.0
// Claims, the volumes they are bound to, and the pods that mount them.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "rules/capacity/workload_resolver.h"
#include "rules/cost/scene_reader.h"
#include "rules/cost/scene_series.h"

namespace outrider {
namespace {

void RaiseTo(double value, double* target) { *target = std::max(*target, value); }

struct Claim {
  std::string cluster;
  std::string namespace_name;
  std::string name;
  std::string storage_class;
  std::string volume;
  double bytes = 0;
  std::set<CostKey> users;
};

struct PersistentVolume {
  std::string cluster;
  std::string storage_class;
  double bytes = 0;
  bool claimed = false;
};

struct Volumes {
  StringMap<Claim> claims;              // "cluster/namespace/claim"
  StringMap<PersistentVolume> volumes;  // "cluster//volume"
};

CostVolume VolumeOf(const Claim& claim, const PersistentVolume* volume, const PriceBook& book) {
  CostVolume out;
  out.cluster = claim.cluster;
  out.namespace_name = claim.namespace_name;
  out.name = claim.name;
  out.volume = claim.volume;
  out.bytes = claim.bytes > 0 || volume == nullptr ? claim.bytes : volume->bytes;
  out.users.assign(claim.users.begin(), claim.users.end());
  const std::string& storage_class = claim.storage_class.empty() && volume != nullptr
                                         ? volume->storage_class
                                         : claim.storage_class;
  const std::optional<UnitPrice> told = book.Volume(claim.volume);
  const UnitPrice price = told ? *told : book.Storage(storage_class);
  out.byte_hour = price.amount.ToDouble() / kBytesPerGib;
  return out;
}

}  // namespace

Status SceneReader::ReadVolumes(Reading& reading) {
  Volumes all;
  const auto claim = [&](const SeriesLabels& labels) -> Claim& {
    const std::string_view cluster = SceneCluster(labels, reading.options);
    Claim& one = all.claims[ScenePod(cluster, KubeLabel(labels, "namespace"),
                                     labels.Get("persistentvolumeclaim"))];
    one.cluster = cluster;
    one.namespace_name = KubeLabel(labels, "namespace");
    one.name = labels.Get("persistentvolumeclaim");
    return one;
  };
  const auto volume = [&](const SeriesLabels& labels) -> PersistentVolume& {
    const std::string_view cluster = SceneCluster(labels, reading.options);
    PersistentVolume& one = all.volumes[ScenePod(cluster, "", labels.Get("persistentvolume"))];
    one.cluster = cluster;
    return one;
  };
  const std::array<std::pair<std::string_view, UseSeries>, 5> sources = {{
      {"kube_persistentvolume_capacity_bytes",
       [&](const SeriesLabels& labels, double value) { RaiseTo(value, &volume(labels).bytes); }},
      {"kube_persistentvolume_info",
       [&](const SeriesLabels& labels, double /*value*/) {
         volume(labels).storage_class = labels.Get("storageclass");
       }},
      {"kube_persistentvolumeclaim_info",
       [&](const SeriesLabels& labels, double /*value*/) {
         Claim& one = claim(labels);
         one.storage_class = labels.Get("storageclass");
         one.volume = labels.Get("volumename");
       }},
      {"kube_persistentvolumeclaim_resource_requests_storage_bytes",
       [&](const SeriesLabels& labels, double value) { RaiseTo(value, &claim(labels).bytes); }},
      {"kube_pod_spec_volumes_persistentvolumeclaims_info",
       [&](const SeriesLabels& labels, double /*value*/) {
         const CostKey* pod = Lookup(
             reading.pods, ScenePod(SceneCluster(labels, reading.options),
                                    KubeLabel(labels, "namespace"), KubeLabel(labels, "pod")));
         if (pod != nullptr) claim(labels).users.insert(*pod);
       }},
  }};
  for (const auto& [name, use] : sources) {
    TRY(ForEachNewest(reading.querier, {SceneMetric(name)}, reading.now, use));
  }
  for (auto& [key, one] : all.claims) {
    const auto found = all.volumes.find(ScenePod(one.cluster, "", one.volume));
    PersistentVolume* bound = found == all.volumes.end() ? nullptr : &found->second;
    if (bound != nullptr) bound->claimed = true;
    reading.scene.volumes.push_back(VolumeOf(one, bound, reading.book));
  }
  for (const auto& [key, one] : all.volumes) {
    if (one.claimed) continue;
    Claim nobody;
    nobody.cluster = one.cluster;
    nobody.volume = nobody.name = key.substr(key.rfind('/') + 1);
    reading.scene.volumes.push_back(VolumeOf(nobody, &one, reading.book));
  }
  return absl::OkStatus();
}

}  // namespace outrider
