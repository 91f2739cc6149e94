// SPDX-License-Identifier: Apache-2.0
// Which costs are asked for: OpenCost's filter language (v2).
//
//   namespace:"shop","web"+!label[team]:"ops"|(node<~:"spot-")
//
// Fields: cluster node namespace controllerKind controllerName (controller, workload) pod container
// team label[NAME]. Operators: `:` one of, `~:` contains, `<~:` begins with, `~>:` ends with; with
// `!` in front of the operator none of. `+` (or blanks) is and, `|` is or and binds weaker,
// parentheses group. `label[NAME]` must be one of `cost.labels`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/cost/cost_amounts.h"
#include "storage/base/status.h"

namespace outrider {

// What one may aggregate by and filter on.
struct CostColumn {
  enum class Field : uint8_t {
    kCluster,
    kNode,
    kNamespace,
    kWorkloadKind,
    kWorkload,
    kPod,
    kContainer,
    kTeam,
    kLabel
  };
  Field field = Field::kNamespace;
  size_t label = 0;  // kLabel: which of `cost.labels`

  const std::string& ValueOf(const CostKey& key) const;
  friend bool operator==(const CostColumn&, const CostColumn&) = default;
};
// `name` as in `aggregate`: namespace, controllerKind, …, label:NAME (or label[NAME]). Names are
// taken in any case and with underscores. `labels`: those of `cost.labels`.
StatusOr<CostColumn> FindCostColumn(std::string_view name, std::span<const std::string> labels);

// Immutable, thread-safe.
class CostFilter {
 public:
  CostFilter() = default;  // everything
  // InvalidArgument names the offset. Nesting deeper than 32 is refused.
  static StatusOr<CostFilter> Parse(std::string_view text, std::span<const std::string> labels);

  bool Matches(const CostKey& key) const;
  bool empty() const { return nodes_.empty(); }
  std::vector<CostColumn> columns() const;  // that it looks at

 private:
  friend class CostFilterParser;
  enum class Operator : uint8_t { kAnd, kOr, kIs, kContains, kBegins, kEnds };
  struct Node {
    Operator op = Operator::kIs;
    bool negated = false;
    CostColumn column;
    std::vector<std::string> values;
    std::vector<size_t> children;  // of kAnd and kOr: indexes, before this one
  };
  bool Holds(const Node& node, const CostKey& key) const;

  std::vector<Node> nodes_;  // the last is the root
};

}  // namespace outrider
