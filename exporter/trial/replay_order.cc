// SPDX-License-Identifier: Apache-2.0
// Rules are nodes, "is read by" an edge. Where the order of the files is not the order of reading,
// a second edge back makes a circle of the two; strongly connected components (Tarjan's algorithm,
// with a stack of its own) are the stages, and come out sorted.
#include "exporter/trial/replay_order.h"

#include <algorithm>
#include <string_view>

#include "rules/promql/ast.h"
#include "rules/promql/functions/table.h"
#include "rules/rulefile/template_text.h"

namespace outrider {
namespace {

using Edges = std::vector<std::vector<size_t>>;

bool OnlyPast(const promql::TimeModifier& time) {
  return time.at == promql::TimeModifier::At::kNone && time.offset.expr == nullptr &&
         time.offset.ms >= 0;
}
bool OnlyPast(const promql::VectorSelector& selector) {
  return OnlyPast(selector.time) && selector.extension != promql::Extension::kSmoothed;
}

bool NodeOnlyPast(const promql::Expr& expr) {
  if (const auto* vector = std::get_if<promql::VectorSelector>(&expr.node)) {
    return OnlyPast(*vector);
  }
  if (const auto* matrix = std::get_if<promql::MatrixSelector>(&expr.node)) {
    return OnlyPast(matrix->selector) && matrix->range.expr == nullptr;
  }
  if (const auto* subquery = std::get_if<promql::Subquery>(&expr.node)) {
    return OnlyPast(subquery->time) && subquery->range.expr == nullptr &&
           subquery->step.expr == nullptr;
  }
  if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
    constexpr std::string_view kOfQuery[] = {"start", "end", "range", "step"};
    return std::ranges::find(kOfQuery, call->function->name) == std::end(kOfQuery);
  }
  return true;
}

bool NodeFixed(const promql::Expr& expr) {
  const auto fixed = [](const promql::TimeModifier& time) {
    return time.at == promql::TimeModifier::At::kTimestamp;
  };
  if (const auto* vector = std::get_if<promql::VectorSelector>(&expr.node)) {
    return fixed(vector->time);
  }
  if (const auto* matrix = std::get_if<promql::MatrixSelector>(&expr.node)) {
    return fixed(matrix->selector.time);
  }
  const auto* subquery = std::get_if<promql::Subquery>(&expr.node);
  return subquery != nullptr && fixed(subquery->time);
}

// The parser bounds the depth of a tree (promql/limits.h).
template <typename Test>
bool AnyNode(const promql::Expr& expr, Test test) {
  if (test(expr)) return true;
  return std::ranges::any_of(promql::ChildrenOf(expr),
                             [&](const promql::Expr* child) { return AnyNode(*child, test); });
}

bool CanHaveName(std::span<const Matcher> selector, std::string_view name) {
  return std::ranges::all_of(selector, [&](const Matcher& matcher) {
    return matcher.name() != kMetricName || matcher.Matches(name);
  });
}

// Whether two rules may write one series: the same name, and no label that tells them apart.
bool MayShareSeries(const Rule& a, const Rule& b) {
  if (a.kind != b.kind || a.name != b.name) return false;
  return std::ranges::none_of(a.labels, [&](const auto& label) {
    const auto other = b.labels.find(label.first);
    return other != b.labels.end() && other->second != label.second && !HasActions(label.second) &&
           !HasActions(other->second);
  });
}

class Graph {
 public:
  Graph(std::span<const ReplayRule> rules, std::span<const RuleReads> reads)
      : rules_(rules), readers_(rules.size()), sources_(rules.size()), loops_(rules.size()) {
    for (size_t reader = 0; reader < rules_.size(); ++reader) AddReads(reader, reads[reader]);
    for (size_t reader = 0; reader < rules_.size(); ++reader) TieSharedWriters(reader);
  }
  const Edges& edges() const { return readers_; }
  bool loops(size_t rule) const { return loops_[rule]; }

 private:
  void AddReads(size_t reader, const RuleReads& reads) {
    for (size_t writer = 0; writer < rules_.size(); ++writer) {
      const bool may = reads.anything || std::ranges::any_of(reads.selectors, [&](const auto& one) {
                         return MayRead(one.matchers, *rules_[writer].rule);
                       });
      if (may) Add(writer, reader);
    }
  }

  void Add(size_t writer, size_t reader) {
    if (writer == reader) {
      loops_[reader] = true;
      return;
    }
    readers_[writer].push_back(reader);
    sources_[reader].push_back(writer);
    const ReplayRule& from = rules_[writer];
    const ReplayRule& to = rules_[reader];
    // In one group a rule sees of a later one what that wrote a cycle ago. Between groups, samples
    // of an offset group appear later than their time says.
    const bool in_order = from.group_index == to.group_index ? from.rule_index < to.rule_index
                                                             : from.query_offset <= to.query_offset;
    if (!in_order) readers_[reader].push_back(writer);
  }

  // Of one series samples are appended in the order of their times only.
  void TieSharedWriters(size_t reader) {
    const std::vector<size_t>& writers = sources_[reader];
    for (size_t i = 0; i < writers.size(); ++i) {
      for (size_t j = i + 1; j < writers.size(); ++j) {
        if (!MayShareSeries(*rules_[writers[i]].rule, *rules_[writers[j]].rule)) continue;
        readers_[writers[i]].push_back(writers[j]);
        readers_[writers[j]].push_back(writers[i]);
      }
    }
  }

  std::span<const ReplayRule> rules_;
  Edges readers_;  // by writer
  Edges sources_;  // by reader, without the edges back
  std::vector<bool> loops_;
};

// Tarjan's algorithm. Components come out with those that are read last: callers turn them around.
class Components {
 public:
  explicit Components(const Edges& edges)
      : edges_(edges), number_(edges.size(), 0), low_(edges.size(), 0), open_(edges.size()) {}

  std::vector<std::vector<size_t>> Find() {
    for (size_t node = 0; node < edges_.size(); ++node) {
      if (number_[node] == 0) Walk(node);
    }
    return std::move(found_);
  }

 private:
  struct Visit {
    size_t node;
    size_t next_edge;
  };
  void Enter(size_t node) {
    number_[node] = low_[node] = ++count_;
    open_[node] = true;
    path_.push_back(node);
    visits_.push_back({node, 0});
  }
  void Walk(size_t start) {
    Enter(start);
    while (!visits_.empty()) {
      Visit& visit = visits_.back();
      const size_t node = visit.node;
      if (visit.next_edge < edges_[node].size()) {
        const size_t to = edges_[node][visit.next_edge++];
        if (number_[to] == 0) {
          Enter(to);
        } else if (open_[to]) {
          low_[node] = std::min(low_[node], number_[to]);
        }
        continue;
      }
      visits_.pop_back();
      if (!visits_.empty()) {
        size_t& above = low_[visits_.back().node];
        above = std::min(above, low_[node]);
      }
      if (low_[node] == number_[node]) Close(node);
    }
  }
  void Close(size_t root) {
    std::vector<size_t> component;
    size_t node = 0;
    do {
      node = path_.back();
      path_.pop_back();
      open_[node] = false;
      component.push_back(node);
    } while (node != root);
    std::ranges::sort(component);
    found_.push_back(std::move(component));
  }

  const Edges& edges_;
  std::vector<size_t> number_;  // 0: not seen
  std::vector<size_t> low_;
  std::vector<bool> open_;
  std::vector<size_t> path_;
  std::vector<Visit> visits_;
  std::vector<std::vector<size_t>> found_;
  size_t count_ = 0;
};

// One above the highest that is read. `stages` come before those that read them.
void SetLevels(const Edges& readers, std::vector<ReplayStage>* stages) {
  std::vector<size_t> level(readers.size(), 0);  // by rule: the least it can have
  for (ReplayStage& stage : *stages) {
    for (const size_t rule : stage.rules) stage.level = std::max(stage.level, level[rule]);
    for (const size_t rule : stage.rules) {
      for (const size_t reader : readers[rule]) {
        level[reader] = std::max(level[reader], stage.level + 1);
      }
    }
  }
}

}  // namespace

bool ReadsOnlyThePast(const promql::Expression& expression) {
  return !AnyNode(expression.root(), [](const promql::Expr& node) { return !NodeOnlyPast(node); });
}

bool ReadsFixedTimes(const promql::Expression& expression) {
  return AnyNode(expression.root(), NodeFixed);
}

bool MayRead(std::span<const Matcher> selector, const Rule& writer) {
  const bool alert = writer.kind == RuleKind::kAlerting;
  const bool named =
      alert ? CanHaveName(selector, "ALERTS") || CanHaveName(selector, "ALERTS_FOR_STATE")
            : CanHaveName(selector, writer.name);
  if (!named) return false;
  return std::ranges::all_of(selector, [&](const Matcher& matcher) {
    if (alert && matcher.name() == kAlertName) return matcher.Matches(writer.name);
    const auto label = writer.labels.find(matcher.name());
    return label == writer.labels.end() || HasActions(label->second) ||
           matcher.Matches(label->second);
  });
}

std::vector<ReplayStage> OrderForReplay(std::span<const ReplayRule> rules,
                                        std::span<const RuleReads> reads) {
  const Graph graph(rules, reads);
  std::vector<ReplayStage> stages;
  for (std::vector<size_t>& component : Components(graph.edges()).Find()) {
    ReplayStage stage;
    stage.stepwise = component.size() > 1 || graph.loops(component[0]);
    stage.rules = std::move(component);
    stages.push_back(std::move(stage));
  }
  std::ranges::reverse(stages);
  SetLevels(graph.edges(), &stages);
  std::ranges::stable_sort(stages, {}, &ReplayStage::level);
  return stages;
}

}  // namespace outrider
