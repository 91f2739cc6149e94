// SPDX-License-Identifier: Apache-2.0
// The Kubernetes object of a workload: what kind of API object it is, where its containers stand,
// and what is to be set in them.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/advice/quantity.h"
#include "exporter/advice/report.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct WorkloadKindInfo {
  std::string_view kind;
  std::string_view api_version;
  // Where the pod's spec stands, from the object on: "spec.template.spec".
  std::string_view pod_spec;
  // kubectl and kustomize know how its lists of containers merge; of a custom resource a
  // strategic-merge patch would replace the whole list.
  bool merges = false;
  bool fixed = false;  // a pod or job that runs cannot be changed, only made anew
};

// Said of those that are fixed.
inline constexpr std::string_view kMadeAnew =
    "what runs cannot be changed: apply it when it is made anew";

// nullptr: not known, or no Kubernetes object at all (a machine).
const WorkloadKindInfo* FindWorkloadKind(std::string_view kind);

// A quantity; quoted where it would be a number: 250m, "2".
YamlNode QuantityYaml(Resource resource, double amount);
// requests and limits of one container as YAML; an empty map when nothing is proposed. Quantities
// are rounded (quantity.h).
YamlNode ResourcesYaml(const Recommendation& row);

// apiVersion, kind, metadata and, along `pod_spec`, the containers that have proposals, those of
// the pod's start apart.
YamlNode WorkloadYaml(const WorkloadKindInfo& kind, std::span<const Recommendation* const> rows);

// `# container app: CPU: not enough data …` for every container of which something is not known or
// to be said; one line each.
std::string RemarkLines(std::span<const Recommendation* const> rows);

// The rows of each workload.
std::vector<std::vector<const Recommendation*>> WorkloadsOf(const AdviceReport& report);

// "# shop/Deployment/checkout: TEXT\n"
std::string CommentLine(const WorkloadKey& key, std::string_view text);

// A machine, or a process or systemd unit on one: in no namespace and of no kind that is known.
bool IsNoObject(const WorkloadKey& key);
// Why a workload gets no patch; "": it gets one.
std::string WhyNoPatch(std::span<const Recommendation* const> rows);

// An object does not say which cluster it is in: those that several clusters have by one name are
// not written into one file.
class ClustersOfNames {
 public:
  explicit ClustersOfNames(const AdviceReport& report);
  // Why this workload is left out; "": it is the only one of its name.
  std::string WhyLeftOut(const WorkloadKey& key) const;

 private:
  std::map<std::array<std::string, 3>, std::set<std::string>> clusters_;
};
// "# east/shop/Deployment/checkout: of cluster east\n", nothing without a cluster.
std::string ClusterLine(const WorkloadKey& key);

}  // namespace outrider
