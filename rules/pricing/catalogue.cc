// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/catalogue.h"

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "rules/pricing/catalogue_data.h"
#include "rules/pricing/csv_table.h"
#include "rules/pricing/machine_type.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kAwsRegion = "us-east-1";
constexpr std::string_view kAwsDated = "2026-07-20 (karpenter-provider-aws)";
constexpr std::string_view kAzureDated = "2026-06-18 (karpenter-provider-azure)";

std::string Key(std::string_view provider, std::string_view region, std::string_view name) {
  return fmt::format("{}/{}/{}", provider, region, name);
}

// An empty cell is 0.
template <typename Number>
Status Read(const CsvTable& table, const CsvTable::Row& row, std::string_view column, Number* out) {
  const std::string_view text = table.Get(row, column);
  if (text.empty()) return absl::OkStatus();
  const StatusOr<Number> number = Number::Parse(text);
  if (!number.ok()) return table.Error(row, column, Message(number.status()));
  *out = *number;
  return absl::OkStatus();
}

// The date of a row and whose list it is from.
std::string DatedOf(const CsvTable& table, const CsvTable::Row& row) {
  return fmt::format("{} ({})", table.Get(row, "dated"), table.Get(row, "source"));
}

Status ReadOptional(const CsvTable& table, const CsvTable::Row& row, std::string_view column,
                    std::optional<Decimal>* out) {
  if (table.Get(row, column).empty()) return absl::OkStatus();
  return Read(table, row, column, &out->emplace());
}

}  // namespace

StatusOr<Catalogue> Catalogue::Load() {
  Catalogue all;
  TRY(all.LoadAws());
  TRY(all.LoadAzure());
  TRY(all.LoadFamilies());
  TRY(all.LoadGpus());
  TRY(all.LoadStorage());
  TRY(all.LoadServices());
  for (size_t i = 0; i < all.nodes_.size(); ++i) {
    const ListedNode& node = all.nodes_[i];
    all.by_type_[Key(node.provider, node.region, node.type)] = i;
    if (node.cores.IsZero()) continue;
    all.by_family_[Key(node.provider, node.region, FamilyOfType(node.provider, node.type))]
        .push_back(i);
  }
  return all;
}

Status Catalogue::LoadAws() {
  const CsvTable table = TRY(CsvTable::Parse(AwsNodesCsv(), "aws_nodes.csv"));
  for (const CsvTable::Row& row : table.rows()) {
    ListedNode node;
    node.provider = "aws";
    node.region = kAwsRegion;
    node.dated = kAwsDated;
    node.type = table.Get(row, "type");
    TRY(Read(table, row, "vcpu", &node.cores));
    TRY(Read(table, row, "gib", &node.memory_gib));
    TRY(Read(table, row, "usd_hour", &node.hour));
    std::optional<Decimal> saving;
    TRY(ReadOptional(table, row, "spot_saving_percent", &saving));
    if (saving) node.spot_factor = (Decimal::FromInt(100) - *saving).Over(100_dec);
    nodes_.push_back(std::move(node));
  }
  return absl::OkStatus();
}

Status Catalogue::LoadAzure() {
  const CsvTable table = TRY(CsvTable::Parse(AzureNodesCsv(), "azure_nodes.csv"));
  for (const CsvTable::Row& row : table.rows()) {
    for (const std::string_view region : {"eastus", "westeurope"}) {
      if (table.Get(row, region).empty()) continue;
      ListedNode node;
      node.provider = "azure";
      node.region = region;
      node.dated = kAzureDated;
      node.type = table.Get(row, "type");
      TRY(Read(table, row, "vcpu", &node.cores));
      TRY(Read(table, row, "gib", &node.memory_gib));
      TRY(Read(table, row, "gpus", &node.gpus));
      TRY(Read(table, row, region, &node.hour));
      nodes_.push_back(std::move(node));
    }
  }
  return absl::OkStatus();
}

Status Catalogue::LoadFamilies() {
  const CsvTable table = TRY(CsvTable::Parse(FamiliesCsv(), "families.csv"));
  for (const CsvTable::Row& row : table.rows()) {
    FamilyRate rate;
    rate.provider = table.Get(row, "provider");
    rate.region = table.Get(row, "region");
    rate.family = table.Get(row, "family");
    rate.list = table.Get(row, "kind") == "list";
    rate.dated = DatedOf(table, row);
    TRY(Read(table, row, "core_hour", &rate.core_hour));
    TRY(Read(table, row, "gib_hour", &rate.gib_hour));
    TRY(ReadOptional(table, row, "spot_factor", &rate.spot_factor));
    families_.push_back(std::move(rate));
  }
  return absl::OkStatus();
}

Status Catalogue::LoadGpus() {
  const CsvTable table = TRY(CsvTable::Parse(GpusCsv(), "gpus.csv"));
  for (const CsvTable::Row& row : table.rows()) {
    GpuRate rate;
    TRY(Read(table, row, "on_demand", &rate.on_demand));
    rate.spot = rate.on_demand;
    TRY(Read(table, row, "spot", &rate.spot));
    gpus_[fmt::format("{}/{}", table.Get(row, "provider"), table.Get(row, "model"))] = rate;
  }
  return absl::OkStatus();
}

Status Catalogue::LoadStorage() {
  const CsvTable table = TRY(CsvTable::Parse(StorageCsv(), "storage.csv"));
  for (const CsvTable::Row& row : table.rows()) {
    StorageRate rate;
    rate.provider = table.Get(row, "provider");
    rate.region = table.Get(row, "region");
    rate.disk = table.Get(row, "disk");
    rate.dated = DatedOf(table, row);
    for (const std::string_view name : Split(table.Get(row, "classes"), ';')) {
      rate.classes.emplace_back(name);
    }
    TRY(Read(table, row, "gib_month", &rate.gib_month));
    storage_.push_back(std::move(rate));
  }
  return absl::OkStatus();
}

Status Catalogue::LoadServices() {
  const CsvTable table = TRY(CsvTable::Parse(ServicesCsv(), "services.csv"));
  for (const CsvTable::Row& row : table.rows()) {
    ServiceRate rate;
    rate.provider = table.Get(row, "provider");
    rate.region = table.Get(row, "region");
    rate.service = table.Get(row, "service");
    rate.dated = DatedOf(table, row);
    TRY(Read(table, row, "usd", &rate.amount));
    services_.push_back(std::move(rate));
  }
  return absl::OkStatus();
}

const ListedNode* Catalogue::FindNode(std::string_view provider, std::string_view region,
                                      std::string_view type) const {
  const auto found = by_type_.find(Key(provider, region, PlainType(provider, type)));
  return found == by_type_.end() ? nullptr : &nodes_[found->second];
}

const ListedNode* Catalogue::NearestOfFamily(std::string_view provider, std::string_view region,
                                             std::string_view type, Decimal cores) const {
  return Nearest(Key(provider, region, FamilyOfType(provider, type)), cores);
}

const ListedNode* Catalogue::SizeOfFamily(std::string_view provider, std::string_view region,
                                          std::string_view family) const {
  return Nearest(Key(provider, region, family), 4_dec);
}

std::vector<std::string> Catalogue::Families(std::string_view provider,
                                             std::string_view region) const {
  std::vector<std::string> names;
  for (const FamilyRate& rate : families_) {
    if (rate.provider == provider && rate.region == region) names.push_back(rate.family);
  }
  const std::string prefix = Key(provider, region, "");
  for (const auto& [key, sizes] : by_family_) {
    if (key.starts_with(prefix)) names.push_back(key.substr(prefix.size()));
  }
  std::ranges::sort(names);
  return names;
}

const ListedNode* Catalogue::Nearest(const std::string& key, Decimal cores) const {
  const auto sizes = by_family_.find(key);
  if (sizes == by_family_.end() || cores <= Decimal()) return nullptr;
  const ListedNode* nearest = nullptr;
  for (const size_t index : sizes->second) {
    const ListedNode& node = nodes_[index];
    const auto distance = [cores](const ListedNode& other) {
      return std::max(other.cores.Over(cores), cores.Over(other.cores));
    };
    if (nearest == nullptr || distance(node) < distance(*nearest)) nearest = &node;
  }
  return nearest;
}

const FamilyRate* Catalogue::FindFamily(std::string_view provider, std::string_view region,
                                        std::string_view family) const {
  const auto found = std::ranges::find_if(families_, [&](const FamilyRate& rate) {
    return rate.provider == provider && rate.region == region && rate.family == family;
  });
  return found == families_.end() ? nullptr : &*found;
}

const FamilyRate* Catalogue::GeneralAnywhere(std::string_view provider) const {
  const auto found = std::ranges::find_if(families_, [&](const FamilyRate& rate) {
    return rate.provider == provider && rate.family == "general";
  });
  return found == families_.end() ? nullptr : &*found;
}

GpuRate Catalogue::FindGpu(std::string_view provider, std::string_view model) const {
  auto found = gpus_.find(fmt::format("{}/{}", provider, ToLower(model)));
  if (found == gpus_.end()) found = gpus_.find(std::string_view("/default"));
  return found == gpus_.end() ? GpuRate() : found->second;
}

const StorageRate* Catalogue::FindStorage(std::string_view provider, std::string_view name) const {
  const auto found = std::ranges::find_if(storage_, [&](const StorageRate& rate) {
    return rate.provider == provider &&
           (rate.disk == name || std::ranges::find(rate.classes, name) != rate.classes.end());
  });
  return found == storage_.end() ? nullptr : &*found;
}

const StorageRate* Catalogue::UsualStorage(std::string_view provider) const {
  const auto found = std::ranges::find(storage_, provider, &StorageRate::provider);
  return found == storage_.end() ? nullptr : &*found;
}

const ServiceRate* Catalogue::FindService(std::string_view provider,
                                          std::string_view service) const {
  const auto found = std::ranges::find_if(services_, [&](const ServiceRate& rate) {
    return rate.provider == provider && rate.service == service;
  });
  return found == services_.end() ? nullptr : &*found;
}

std::vector<std::string> Catalogue::Regions(std::string_view provider) const {
  std::vector<std::string> regions;
  const auto add = [&](const std::string& of, const std::string& region) {
    if (of == provider && std::ranges::find(regions, region) == regions.end()) {
      regions.push_back(region);
    }
  };
  for (const FamilyRate& rate : families_) add(rate.provider, rate.region);
  for (const ListedNode& node : nodes_) add(node.provider, node.region);
  return regions;
}

}  // namespace outrider
