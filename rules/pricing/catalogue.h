// SPDX-License-Identifier: Apache-2.0
// The built-in list prices (catalogue/*.csv): nodes by type and region, families, GPUs, storage,
// egress and fees. USD, Linux, on demand unless said. Immutable after Load(); thread-safe. Source:
// specs/cost_and_rightsizing.md §3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pricing/price.h"
#include "storage/base/hash.h"
#include "storage/base/status.h"

namespace outrider {

struct ListedNode {
  std::string provider;
  std::string region;
  std::string type;
  Decimal cores;       // 0: not known
  Decimal memory_gib;  // 0: not known
  Decimal gpus;
  Money hour;
  std::optional<Decimal> spot_factor;  // on `hour`
  std::string dated;                   // 2026-07-20 (whose list)
};

struct FamilyRate {
  std::string provider;
  std::string region;
  std::string family;
  bool list = false;  // the provider prices so; otherwise a fit to its list
  Money core_hour;
  Money gib_hour;
  std::optional<Decimal> spot_factor;
  std::string dated;
};

struct GpuRate {
  Money on_demand;
  Money spot;
};

struct StorageRate {
  std::string provider;
  std::string region;
  std::string disk;
  std::vector<std::string> classes;  // storage classes that use it by default
  Money gib_month;
  std::string dated;
};

struct ServiceRate {
  std::string provider;
  std::string region;
  std::string service;  // egress_zone ..., load_balancer_hour, control_plane_hour
  Money amount;
  std::string dated;
};

class Catalogue {
 public:
  // Of the embedded files; an error is a defect of them.
  static StatusOr<Catalogue> Load();

  // nullptr: not listed. Azure's types with or without "Standard_".
  const ListedNode* FindNode(std::string_view provider, std::string_view region,
                             std::string_view type) const;
  // The listed size of the same family (m7i.*) next to `cores`; nullptr: none of known size.
  const ListedNode* NearestOfFamily(std::string_view provider, std::string_view region,
                                    std::string_view type, Decimal cores) const;
  // The size of a family (m7i) next to 4 vCPU; nullptr: none of known size.
  const ListedNode* SizeOfFamily(std::string_view provider, std::string_view region,
                                 std::string_view family) const;
  // e2, n1 ...; aws: 5, 6i ... of m, c and r; azure: intel_v5 ...; general. nullptr: none.
  const FamilyRate* FindFamily(std::string_view provider, std::string_view region,
                               std::string_view family) const;
  const FamilyRate* General(std::string_view provider, std::string_view region) const {
    return FindFamily(provider, region, "general");
  }
  // General() of that region, else of the provider's catalogued region; nullptr: on_prem.
  const FamilyRate* GeneralAnywhere(std::string_view provider) const;
  // By provider and model (t4, a100 ...); the default where it is not known.
  GpuRate FindGpu(std::string_view provider, std::string_view model) const;
  // By storage class or disk; nullptr: not listed.
  const StorageRate* FindStorage(std::string_view provider, std::string_view name) const;
  const StorageRate* UsualStorage(std::string_view provider) const;  // the first of the provider
  const ServiceRate* FindService(std::string_view provider, std::string_view service) const;

  // Those that SizeOfFamily() and FindFamily() know.
  std::vector<std::string> Families(std::string_view provider, std::string_view region) const;
  // Regions with listed nodes or families; for errors.
  std::vector<std::string> Regions(std::string_view provider) const;
  const std::vector<ListedNode>& nodes() const { return nodes_; }
  const std::vector<FamilyRate>& families() const { return families_; }

 private:
  const ListedNode* Nearest(const std::string& key, Decimal cores) const;

  Status LoadAws();
  Status LoadAzure();
  Status LoadFamilies();
  Status LoadGpus();
  Status LoadStorage();
  Status LoadServices();

  std::vector<ListedNode> nodes_;
  StringMap<size_t> by_type_;                 // "provider/region/type" -> index
  StringMap<std::vector<size_t>> by_family_;  // "provider/region/family" -> sizes
  std::vector<FamilyRate> families_;
  StringMap<GpuRate> gpus_;  // "provider/model"
  std::vector<StorageRate> storage_;
  std::vector<ServiceRate> services_;
};

}  // namespace outrider
