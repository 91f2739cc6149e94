// SPDX-License-Identifier: Apache-2.0
// OpenCost's pricing CSV: EndTimestamp, InstanceID, Region, AssetClass (node, pv, gpu),
// InstanceIDField, InstanceType, MarketPriceHourly, Version. A node's row names one node (by
// InstanceIDField) or, without InstanceID, a type of a region; a gpu's row the price of one GPU of
// the nodes with that label; a pv's row a storage class.
#include <array>
#include <map>

#include "fmt/format.h"
#include "rules/pricing/csv_table.h"
#include "rules/pricing/user_prices.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kLabelsField = "metadata.labels.";

// kube_node_labels writes foo.io/bar as foo_io_bar.
std::string MetricLabel(std::string_view label) {
  std::string name(label);
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain) c = '_';
  }
  return name;
}

struct RowReader {
  const CsvTable& table;
  const CsvTable::Row& row;
  std::string_view operator[](std::string_view column) const { return table.Get(row, column); }
  std::string Where() const { return fmt::format("{}:{}", table.file(), row.line); }
  Status Fail(std::string_view column, const std::string& message) const {
    return table.Error(row, column, message);
  }
};

StatusOr<NodeMatch> MatchOf(const RowReader& row) {
  NodeMatch match;
  const std::string id(row["InstanceID"]);
  const std::string_view field = row["InstanceIDField"];
  match.region = row["Region"];
  match.instance_type = row["InstanceType"];
  if (id.empty()) {
    if (match.instance_type.empty()) {
      return row.Fail("InstanceID", "a row needs InstanceID or InstanceType");
    }
    return match;
  }
  // The id alone decides.
  match.instance_type.clear();
  if (field == "metadata.name") {
    match.name = id;
  } else if (field == "spec.providerID" || field.empty()) {
    match.provider_id = id;
  } else if (field.starts_with(kLabelsField)) {
    match.labels.emplace_back(MetricLabel(field.substr(kLabelsField.size())), id);
  } else if (field == "nvidia.com/gpu_type") {
    match.labels.emplace_back(MetricLabel(field), id);
  } else {
    return row.Fail("InstanceIDField", fmt::format("{} is none of metadata.name, spec.providerID, "
                                                   "metadata.labels.NAME, nvidia.com/gpu_type",
                                                   Quote(field)));
  }
  return match;
}

StatusOr<Money> PriceOf(const RowReader& row) {
  StatusOr<Money> price = Money::Parse(row["MarketPriceHourly"]);
  if (!price.ok()) return row.Fail("MarketPriceHourly", Message(price.status()));
  if (price->IsNegative()) return row.Fail("MarketPriceHourly", "a price must not be negative");
  return price;
}

Status TakeRow(const RowReader& row, UserPrices* prices) {
  const Money price = TRY(PriceOf(row));
  const std::string_view kind = row["AssetClass"];
  if (kind == "pv") {
    const std::string_view id = row["InstanceID"];
    const std::string_view storage_class = id.empty() ? row["InstanceType"] : id;
    if (storage_class.empty()) return row.Fail("InstanceID", "a pv row needs a storage class");
    prices->storage.push_back({std::string(storage_class), price, row.Where()});
    return absl::OkStatus();
  }
  StatedNode node;
  node.match = TRY(MatchOf(row));
  node.where = row.Where();
  if (kind == "node") {
    node.node_hour = price;
  } else if (kind == "gpu") {
    node.rates.gpu_hour = price;
  } else {
    return row.Fail("AssetClass", fmt::format("{} is none of node, pv, gpu", Quote(kind)));
  }
  prices->nodes.push_back(std::move(node));
  return absl::OkStatus();
}

}  // namespace

StatusOr<UserPrices> ParseOpenCostCsv(std::string_view text, const std::string& file) {
  const CsvTable table = TRY(CsvTable::Parse(text, file));
  for (const std::string_view column : {"InstanceID", "AssetClass", "MarketPriceHourly"}) {
    if (!table.Has(column)) {
      return InvalidArgument(fmt::format("{}:1: no column {}", file, column));
    }
  }
  // Of equal keys the latest; ISO times order as texts.
  std::map<std::array<std::string_view, 5>, const CsvTable::Row*> latest;
  for (const CsvTable::Row& row : table.rows()) {
    const RowReader cells = {table, row};
    const CsvTable::Row*& kept =
        latest[{cells["AssetClass"], cells["InstanceIDField"], cells["InstanceID"], cells["Region"],
                cells["InstanceType"]}];
    if (kept == nullptr || table.Get(*kept, "EndTimestamp") <= cells["EndTimestamp"]) kept = &row;
  }
  UserPrices prices;
  prices.file = file;
  // One node's row before those of its type.
  for (const bool of_one : {true, false}) {
    for (const auto& [key, row] : latest) {
      if (key[2].empty() == of_one) continue;
      TRY(TakeRow({table, *row}, &prices));
    }
  }
  return prices;
}

}  // namespace outrider
