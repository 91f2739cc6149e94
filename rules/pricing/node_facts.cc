// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/node_facts.h"

#include <algorithm>
#include <array>

#include "rules/pricing/machine_type.h"
#include "rules/pricing/newest_values.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kInfo = "kube_node_info";
constexpr std::string_view kLabels = "kube_node_labels";
constexpr std::string_view kCapacity = "kube_node_status_capacity";
constexpr std::string_view kAllocatable = "kube_node_status_allocatable";
constexpr std::string_view kKarpenter = "karpenter_nodes_allocatable";
constexpr std::string_view kOpenCostTotal = "node_total_hourly_cost";
constexpr std::string_view kOpenCostSpot = "kubecost_node_is_spot";
constexpr std::string_view kPrefix = "label_";

struct KnownSpot {
  std::string_view label;
  std::string_view value;  // in small letters
};
constexpr std::array kSpotLabels = {
    KnownSpot{"karpenter_sh_capacity_type", "spot"},
    KnownSpot{"eks_amazonaws_com_capacityType", "spot"},
    KnownSpot{"cloud_google_com_gke_spot", "true"},
    KnownSpot{"cloud_google_com_gke_preemptible", "true"},
    KnownSpot{"kubernetes_azure_com_scalesetpriority", "spot"},
    KnownSpot{"node_kubernetes_io_lifecycle", "spot"},
};

constexpr std::array<std::string_view, 2> kTypeLabels = {"node_kubernetes_io_instance_type",
                                                         "beta_kubernetes_io_instance_type"};
constexpr std::array<std::string_view, 2> kRegionLabels = {
    "topology_kubernetes_io_region", "failure_domain_beta_kubernetes_io_region"};
constexpr std::array<std::string_view, 2> kZoneLabels = {"topology_kubernetes_io_zone",
                                                         "failure_domain_beta_kubernetes_io_zone"};
constexpr std::array<std::string_view, 2> kArchLabels = {"kubernetes_io_arch",
                                                         "beta_kubernetes_io_arch"};

// Scraped without honor_labels, kube-state-metrics' own label is exported_node.
std::string_view NodeOf(const SeriesLabels& labels) {
  const std::string_view exported = labels.Get("exported_node");
  return exported.empty() ? labels.Get("node") : exported;
}

// What is known already stays.
void Fill(std::string* field, std::string_view value) {
  if (field->empty()) *field = value;
}

class Reader {
 public:
  Reader(const std::vector<SpotLabel>& spot_labels, NodeMap* nodes)
      : spot_labels_(spot_labels), nodes_(*nodes) {}

  void TakeInfo(const SeriesLabels& labels) {
    NodeFacts* facts = Node(NodeOf(labels));
    if (facts != nullptr) Fill(&facts->provider_id, labels.Get("provider_id"));
  }

  void TakeLabels(const SeriesLabels& labels) {
    NodeFacts* facts = Node(NodeOf(labels));
    if (facts == nullptr) return;
    LabelsBuilder builder;
    labels.ForEach([&](const LabelView& label) {
      if (label.name.starts_with(kPrefix)) {
        builder.Set(std::string(label.name.substr(kPrefix.size())), std::string(label.value));
      }
    });
    facts->labels = builder.Build();
    for (const std::string_view name : kTypeLabels) {
      Fill(&facts->instance_type, facts->labels.Get(name));
    }
    for (const std::string_view name : kRegionLabels) Fill(&facts->region, facts->labels.Get(name));
    for (const std::string_view name : kZoneLabels) Fill(&facts->zone, facts->labels.Get(name));
    for (const std::string_view name : kArchLabels) Fill(&facts->arch, facts->labels.Get(name));
    if (IsSpot(facts->labels, spot_labels_)) facts->capacity_type = CapacityType::kSpot;
  }

  // kube_node_status_capacity and, where it is missing, _allocatable.
  void TakeSize(const SeriesLabels& labels, double value) {
    NodeFacts* facts = Node(NodeOf(labels));
    if (facts == nullptr || !(value > 0)) return;
    const std::string_view resource = labels.Get("resource");
    if (resource == "cpu") {
      FillNumber(&facts->cores, value);
    } else if (resource == "memory") {
      FillNumber(&facts->memory_gib, value / kBytesPerGib);
    } else if (resource.ends_with("_com_gpu")) {  // nvidia_com_gpu, amd_com_gpu
      FillNumber(&facts->gpus, value);
    }
  }

  void TakeKarpenter(const SeriesLabels& labels) {
    NodeFacts* facts = Node(labels.Get("node_name"));
    if (facts == nullptr) return;
    Fill(&facts->instance_type, labels.Get("instance_type"));
    Fill(&facts->zone, labels.Get("zone"));
    Fill(&facts->region, labels.Get("region"));
    Fill(&facts->arch, labels.Get("arch"));
    if (labels.Get("capacity_type") == "spot") facts->capacity_type = CapacityType::kSpot;
  }

  void TakeOpenCost(const SeriesLabels& labels) {
    if (!labels.Get(kPriceSourceLabel).empty()) return;
    NodeFacts* facts = Node(NodeOf(labels));
    if (facts == nullptr) return;
    Fill(&facts->instance_type, labels.Get("instance_type"));
    Fill(&facts->region, labels.Get("region"));
    Fill(&facts->provider_id, labels.Get("provider_id"));
    Fill(&facts->arch, labels.Get("arch"));
  }

  void TakeOpenCostSpot(const SeriesLabels& labels, double value) {
    if (!labels.Get(kPriceSourceLabel).empty()) return;
    NodeFacts* facts = Node(NodeOf(labels));
    if (facts != nullptr && value == 1) facts->capacity_type = CapacityType::kSpot;
  }

 private:
  NodeFacts* Node(std::string_view name) {
    if (name.empty()) return nullptr;
    auto found = nodes_.find(name);
    if (found == nodes_.end()) {
      found = nodes_.emplace(std::string(name), NodeFacts()).first;
      found->second.name = name;
    }
    return &found->second;
  }

  static void FillNumber(Decimal* field, double value) {
    if (field->IsZero()) *field = Decimal::FromDouble(value);
  }

  const std::vector<SpotLabel>& spot_labels_;
  NodeMap& nodes_;
};

// Where labels do not tell, ids do.
void Conclude(NodeFacts* facts) {
  const ProviderId id = ReadProviderId(facts->provider_id);
  Fill(&facts->provider, id.provider);
  Fill(&facts->zone, id.zone);
  Fill(&facts->region, RegionOfZone(facts->provider, facts->zone));
}

}  // namespace

bool IsSpot(const Labels& labels, const std::vector<SpotLabel>& spot_labels) {
  return std::ranges::any_of(kSpotLabels,
                             [&](const KnownSpot& known) {
                               return ToLower(labels.Get(known.label)) == known.value;
                             }) ||
         std::ranges::any_of(spot_labels, [&](const SpotLabel& stated) {
           return labels.Has(stated.name) && labels.Get(stated.name) == stated.value;
         });
}

StatusOr<NodeMap> ReadNodeFacts(const Querier& querier, Timestamp now,
                                const std::vector<SpotLabel>& spot_labels) {
  NodeMap nodes;
  Reader reader(spot_labels, &nodes);
  TRY(ForNewest(querier, kInfo, now, [&](const SeriesLabels& l, double) { reader.TakeInfo(l); }));
  TRY(ForNewest(querier, kLabels, now,
                [&](const SeriesLabels& l, double) { reader.TakeLabels(l); }));
  for (const std::string_view metric : {kCapacity, kAllocatable}) {
    TRY(ForNewest(querier, metric, now,
                  [&](const SeriesLabels& l, double value) { reader.TakeSize(l, value); }));
  }
  TRY(ForNewest(querier, kKarpenter, now,
                [&](const SeriesLabels& l, double) { reader.TakeKarpenter(l); }));
  TRY(ForNewest(querier, kOpenCostTotal, now,
                [&](const SeriesLabels& l, double) { reader.TakeOpenCost(l); }));
  TRY(ForNewest(querier, kOpenCostSpot, now,
                [&](const SeriesLabels& l, double value) { reader.TakeOpenCostSpot(l, value); }));
  for (auto& [name, facts] : nodes) Conclude(&facts);
  return nodes;
}

std::vector<SeriesReference> NodeFactsReach() {
  constexpr std::array kAll = {kInfo,      kLabels,        kCapacity,    kAllocatable,
                               kKarpenter, kOpenCostTotal, kOpenCostSpot};
  return ReachOf(kAll);
}

}  // namespace outrider
