// SPDX-License-Identifier: Apache-2.0
// Recursive descent: or := and ("|" and)*; and := term ("+"? term)*; term := "(" or ")" |
// condition.
#include "rules/cost/cost_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "storage/base/text.h"

namespace outrider {
namespace {

using Field = CostColumn::Field;
constexpr int kMaxDepth = 32;

struct FieldName {
  std::string_view name;  // lower case, without underscores
  Field field;
};
constexpr std::array kFields = {
    FieldName{"cluster", Field::kCluster},
    FieldName{"node", Field::kNode},
    FieldName{"namespace", Field::kNamespace},
    FieldName{"controllerkind", Field::kWorkloadKind},
    FieldName{"workloadkind", Field::kWorkloadKind},
    FieldName{"controllername", Field::kWorkload},
    FieldName{"controller", Field::kWorkload},
    FieldName{"workload", Field::kWorkload},
    FieldName{"pod", Field::kPod},
    FieldName{"container", Field::kContainer},
    FieldName{"team", Field::kTeam},
};

bool SameText(std::string_view a, std::string_view b, bool any_case) {
  return any_case ? ToLower(a) == ToLower(b) : a == b;
}

}  // namespace

const std::string& CostColumn::ValueOf(const CostKey& key) const {
  static const std::string kNone;
  switch (field) {
    case Field::kCluster:
      return key.cluster;
    case Field::kNode:
      return key.node;
    case Field::kNamespace:
      return key.namespace_name;
    case Field::kWorkloadKind:
      return key.workload_kind;
    case Field::kWorkload:
      return key.workload;
    case Field::kPod:
      return key.pod;
    case Field::kContainer:
      return key.container;
    case Field::kTeam:
      return key.team;
    case Field::kLabel:
      break;
  }
  return label < key.labels.size() ? key.labels[label] : kNone;
}

StatusOr<CostColumn> FindCostColumn(std::string_view name, std::span<const std::string> labels) {
  std::string_view label;
  if (name.starts_with("label:")) label = name.substr(6);
  if (name.starts_with("label[") && name.ends_with("]")) label = name.substr(6, name.size() - 7);
  if (!label.empty()) {
    const auto found = std::ranges::find(labels, label);
    if (found == labels.end()) {
      return InvalidArgument(fmt::format("label {} is not kept: add it to cost.labels", label));
    }
    return CostColumn{Field::kLabel, static_cast<size_t>(found - labels.begin())};
  }
  std::string plain = ToLower(name);
  std::erase(plain, '_');
  const auto found = std::ranges::find(kFields, plain, &FieldName::name);
  if (found == kFields.end()) {
    return InvalidArgument(fmt::format(
        "unknown property {}; known: cluster, node, namespace, controllerKind, controller, pod, "
        "container, team, label:NAME",
        Quote(name)));
  }
  return CostColumn{found->field, 0};
}

class CostFilterParser {
 public:
  CostFilterParser(std::string_view text, std::span<const std::string> labels)
      : text_(text), labels_(labels) {}

  StatusOr<CostFilter> Run() {
    Blanks();
    if (at_ == text_.size()) return CostFilter();
    TRY(Or(0));
    if (at_ != text_.size()) return Fail("unexpected text");
    return std::move(filter_);
  }

 private:
  using Operator = CostFilter::Operator;
  using Node = CostFilter::Node;

  Status Fail(std::string_view what) const {
    return InvalidArgument(fmt::format("filter, at offset {}: {}", at_, what));
  }
  void Blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool Take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    Blanks();
    return true;
  }
  size_t Keep(Node node) {
    filter_.nodes_.push_back(std::move(node));
    return filter_.nodes_.size() - 1;
  }

  // Each returns the index of its node.
  StatusOr<size_t> Or(int depth) {
    if (depth > kMaxDepth) return Fail("too deeply nested");
    Node node;
    node.op = Operator::kOr;
    node.children.push_back(TRY(And(depth)));
    while (Take("|")) node.children.push_back(TRY(And(depth)));
    return node.children.size() == 1 ? node.children.front() : Keep(std::move(node));
  }
  StatusOr<size_t> And(int depth) {
    Node node;
    node.op = Operator::kAnd;
    node.children.push_back(TRY(Term(depth)));
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      Take("+");
      node.children.push_back(TRY(Term(depth)));
    }
    return node.children.size() == 1 ? node.children.front() : Keep(std::move(node));
  }
  StatusOr<size_t> Term(int depth) {
    if (!Take("(")) return Condition();
    const size_t inner = TRY(Or(depth + 1));
    if (!Take(")")) return Fail("expected )");
    // A node of its own behind its children, as the last one is the root.
    Node node;
    node.op = Operator::kAnd;
    node.children.push_back(inner);
    return Keep(std::move(node));
  }
  StatusOr<size_t> Condition() {
    Node node;
    const bool not_before = Take("!");
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
    if (at_ < text_.size() && text_[at_] == '[') {
      const size_t close = text_.find(']', at_);
      if (close == std::string_view::npos) return Fail("expected ]");
      at_ = close + 1;
    }
    const auto column = FindCostColumn(text_.substr(begin, at_ - begin), labels_);
    if (!column.ok()) return Fail(Message(column.status()));
    node.column = *column;
    Blanks();
    node.negated = Take("!") != not_before;
    static constexpr std::array kOperators = {
        std::pair(std::string_view("<~:"), Operator::kBegins),
        std::pair(std::string_view("~>:"), Operator::kEnds),
        std::pair(std::string_view("~:"), Operator::kContains),
        std::pair(std::string_view(":"), Operator::kIs)};
    const auto* op =
        std::ranges::find_if(kOperators, [&](const auto& one) { return Take(one.first); });
    if (op == kOperators.end()) return Fail("expected one of : ~: <~: ~>:");
    node.op = op->second;
    do node.values.push_back(TRY(Value()));
    while (Take(","));
    return Keep(std::move(node));
  }
  StatusOr<std::string> Value() {
    std::string value;
    if (at_ == text_.size() || text_[at_] != '"') return Fail("expected a value in quotes");
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_];
    }
    if (at_ == text_.size()) return Fail("the value's quotes do not end");
    ++at_;
    Blanks();
    return value;
  }
  static bool IsNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }

  std::string_view text_;
  std::span<const std::string> labels_;
  size_t at_ = 0;
  CostFilter filter_;
};

StatusOr<CostFilter> CostFilter::Parse(std::string_view text, std::span<const std::string> labels) {
  return CostFilterParser(text, labels).Run();
}

bool CostFilter::Holds(const Node& node, const CostKey& key) const {
  const auto child = [&](size_t at) { return Holds(nodes_[at], key); };
  if (node.op == Operator::kAnd) return std::ranges::all_of(node.children, child);
  if (node.op == Operator::kOr) return std::ranges::any_of(node.children, child);
  const std::string& value = node.column.ValueOf(key);
  const bool any_case = node.column.field == Field::kWorkloadKind;
  const bool found = std::ranges::any_of(node.values, [&](const std::string& wanted) {
    switch (node.op) {
      case Operator::kContains:
        return Contains(value, wanted);
      case Operator::kBegins:
        return value.starts_with(wanted);
      case Operator::kEnds:
        return value.ends_with(wanted);
      default:
        return SameText(value, wanted, any_case);
    }
  });
  return found != node.negated;
}

bool CostFilter::Matches(const CostKey& key) const {
  return nodes_.empty() || Holds(nodes_.back(), key);
}

std::vector<CostColumn> CostFilter::columns() const {
  std::vector<CostColumn> all;
  for (const Node& node : nodes_) {
    if (node.children.empty()) all.push_back(node.column);
  }
  return all;
}

}  // namespace outrider
