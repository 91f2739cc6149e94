// SPDX-License-Identifier: Apache-2.0
#include "rules/rulefile/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/rulefile/ever_fires.h"
#include "rules/rulefile/label_flow.h"
#include "rules/rulefile/template_labels.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr const char* kMissingFor = "missing-for";
constexpr const char* kDroppedLabels = "dropped-labels";
constexpr const char* kUnboundedCardinality = "unbounded-cardinality";
constexpr const char* kNeverFires = "never-fires";

// Labels that name one person, request or moment: as many values as there are of those.
constexpr std::array<std::string_view, 17> kIdentifiers = {
    "trace_id",  "traceid", "span_id",  "spanid",    "request_id",  "session_id",
    "session",   "user_id", "username", "email",     "customer_id", "uuid",
    "client_ip", "query",   "url",      "remote_ip", "timestamp"};

class Linter {
 public:
  Linter(std::span<const RuleGroup> groups, const LintSet& lints, const HasSeen& has_seen)
      : groups_(groups), lints_(lints), has_seen_(has_seen) {
    // Rules come before those that read them, or else their labels are taken for unknown.
    for (const RuleGroup& group : groups) {
      for (const Rule& rule : group.rules) {
        if (rule.kind == RuleKind::kRecording && rule.expression) Learn(rule, *rule.expression);
      }
    }
  }

  StatusOr<std::vector<LintFinding>> Run() {
    for (const RuleGroup& group : groups_) {
      for (const Rule& rule : group.rules) {
        if (rule.expression) TRY(Check(group, rule, *rule.expression));
      }
    }
    return std::move(findings_);
  }

 private:
  Status Check(const RuleGroup& group, const Rule& rule, const promql::Expression& expression) {
    group_ = &group;
    rule_ = &rule;
    if (rule.kind == RuleKind::kRecording) {
      if (lints_.unbounded_cardinality) UnboundedCardinality(expression.root());
      return {};
    }
    if (lints_.missing_for) MissingFor(expression);
    if (lints_.dropped_labels) DroppedLabels(LabelsOf(expression.root(), recorded_));
    return lints_.never_fires ? NeverFires(expression.root()) : Status();
  }

  void Learn(const Rule& rule, const promql::Expression& expression) {
    LabelFlow flow = LabelsOf(expression.root(), recorded_);
    for (const auto& [name, value] : rule.labels) {
      flow = value.empty() ? flow.Drop({&name, 1}) : flow.With(name);
    }
    const auto [at, is_new] = recorded_.emplace(rule.name, flow);
    if (!is_new) at->second = at->second.Or(flow);
  }

  void Add(const char* lint, std::string message) {
    findings_.push_back(
        {group_->file, rule_->line, group_->name, rule_->name, lint, std::move(message)});
  }

  void MissingFor(const promql::Expression& expression) {
    // What reads no series, like vector(1), is as true now as it is later.
    if (rule_->hold > 0 || expression.Selectors(0).empty()) return;
    Add(kMissingFor, "fires at the first evaluation that gives something: it has no `for`");
  }

  void DroppedLabels(const LabelFlow& flow) {
    for (const auto& [texts, what] :
         {std::pair(&rule_->annotations, "annotation"), std::pair(&rule_->labels, "label")}) {
      for (const auto& [name, text] : *texts) {
        for (const std::string& label : LabelsRead(text)) {
          if (label == kMetricName || flow.MayHave(label)) continue;
          std::string has = "its series do not have it";
          if (!flow.open()) {
            const std::vector<std::string> names(flow.names().begin(), flow.names().end());
            has = names.empty() ? "its result has no labels"
                                : "its result has only " + Join(names, ", ");
          }
          Add(kDroppedLabels,
              fmt::format("{} {} reads the label {}, which the expression drops: {}", what,
                          Quote(name), label, has));
        }
      }
    }
  }

  void UnboundedCardinality(const promql::Expr& root) {
    if (group_->limit > 0) return;
    const Reduction reduction = ReductionOf(root);
    const LabelFlow flow = LabelsOf(root, {});
    if (!reduction.reduced) {
      Add(kUnboundedCardinality,
          "records a series for each one it reads: it has no aggregation, and its group no limit");
    }
    for (const std::string& name : reduction.from_values) {
      Add(kUnboundedCardinality,
          fmt::format("the label {} takes its values from samples (count_values)", name));
    }
    for (const std::string_view name : kIdentifiers) {
      if (flow.open() || !flow.MayHave(std::string(name))) continue;
      if (reduction.from_values.contains(std::string(name))) continue;
      Add(kUnboundedCardinality,
          fmt::format("the label {} has as many values as there are of those", name));
    }
  }

  Status NeverFires(const promql::Expr& root) {
    std::vector<std::string> empty;
    const Matches matches = [this](const promql::VectorSelector& selector) {
      return IsSeen(selector);
    };
    const bool can_fire = TRY(CanGive(root, matches, &empty));
    if (can_fire) return {};
    Add(kNeverFires, fmt::format("can never fire: the server has seen nothing that {} match{}",
                                 Join(empty, ", "), empty.size() == 1 ? "es" : ""));
    return {};
  }

  // What these files record may not have been recorded yet.
  StatusOr<bool> IsSeen(const promql::VectorSelector& selector) const {
    for (const Matcher& matcher : selector.matchers) {
      if (matcher.name() != kMetricName) continue;
      if (matcher.Matches("ALERTS") || matcher.Matches("ALERTS_FOR_STATE")) return true;
      const bool ours = std::ranges::any_of(
          recorded_, [&](const auto& entry) { return matcher.Matches(entry.first); });
      if (ours) return true;
    }
    return has_seen_(selector.matchers);
  }

  const std::span<const RuleGroup> groups_;
  const LintSet& lints_;
  const HasSeen& has_seen_;
  RecordedLabels recorded_;
  const RuleGroup* group_ = nullptr;
  const Rule* rule_ = nullptr;
  std::vector<LintFinding> findings_;
};

}  // namespace

LintSet LintSet::Parse(std::string_view names, std::vector<std::string>* unknown) {
  LintSet set;
  if (names.empty()) return set;
  const std::pair<std::string_view, bool*> own[] = {
      {kMissingFor, &set.missing_for},
      {kDroppedLabels, &set.dropped_labels},
      {kUnboundedCardinality, &set.unbounded_cardinality},
      {kNeverFires, &set.never_fires}};
  for (const std::string_view name : Split(names, ',')) {
    if (name == "none") continue;
    const bool everything = name == "extended";
    bool known = everything;
    if (everything || name == "all" || name == "duplicate-rules") {
      set.duplicate_rules = true;
      known = true;
    }
    for (const auto& [lint, flag] : own) {
      *flag |= everything || name == lint;
      known |= name == lint;
    }
    if (!known) unknown->emplace_back(name);
  }
  return set;
}

std::string LintFinding::Text() const {
  return fmt::format("{}:{}: group {}, {}: {} [{}]", file, line, Quote(group), Quote(rule), message,
                     lint);
}

StatusOr<std::vector<LintFinding>> LintRules(std::span<const RuleGroup> groups,
                                             const LintSet& lints, const HasSeen& has_seen) {
  return Linter(groups, lints, has_seen).Run();
}

}  // namespace outrider
