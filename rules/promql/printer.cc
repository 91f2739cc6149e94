// SPDX-License-Identifier: Apache-2.0
// Parentheses are nodes of their own, so printing never has to invent any.
#include "rules/promql/printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "rules/promql/duration_expr.h"
#include "rules/promql/functions/table.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

std::string PrintLabels(const std::vector<std::string>& labels) {
  std::vector<std::string> texts;
  texts.reserve(labels.size());
  for (const std::string& label : labels) {
    texts.push_back(IsLegacyLabelName(label) ? label : Quote(label));
  }
  return Join(texts, ", ");
}

std::string PrintSpec(const DurationSpec& spec) {
  return spec.expr ? PrintDurationExpr(*spec.expr) : PrintDuration(spec.ms);
}

std::string PrintAt(const TimeModifier& time) {
  std::string out;
  switch (time.at) {
    case TimeModifier::At::kNone:
      break;
    case TimeModifier::At::kTimestamp: {
      const uint64_t ms = time.timestamp < 0 ? 0 - static_cast<uint64_t>(time.timestamp)
                                             : static_cast<uint64_t>(time.timestamp);
      out = fmt::format(" @ {}{}.{:03}", time.timestamp < 0 ? "-" : "", ms / 1000, ms % 1000);
      break;
    }
    case TimeModifier::At::kStart:
      out = " @ start()";
      break;
    case TimeModifier::At::kEnd:
      out = " @ end()";
      break;
  }
  return out;
}

std::string PrintOffset(const TimeModifier& time) {
  return time.offset.IsZero() ? "" : " offset " + PrintSpec(time.offset);
}

std::string PrintExtension(Extension extension) {
  switch (extension) {
    case Extension::kNone:
      return "";
    case Extension::kAnchored:
      return " anchored";
    case Extension::kSmoothed:
      return " smoothed";
  }
  return "";
}

std::string PrintMatchers(const VectorSelector& n) {
  std::vector<std::string> texts;
  for (const Matcher& m : n.matchers) {
    const bool name = m.name() == kMetricName && m.type() == MatchType::kEqual &&
                      m.value() == n.name && !n.name.empty();
    if (!name) texts.push_back(m.ToString());
  }
  std::sort(texts.begin(), texts.end());
  return texts.empty() ? n.name : fmt::format("{}{{{}}}", n.name, Join(texts, ","));
}

std::string PrintMatching(const VectorMatching& m) {
  std::string out;
  const bool grouped = m.card == Cardinality::kManyToOne || m.card == Cardinality::kOneToMany;
  if (!m.labels.empty() || m.on || grouped) {
    out = fmt::format(" {} ({})", m.on ? "on" : "ignoring", PrintLabels(m.labels));
  }
  if (grouped) {
    out += fmt::format(" group_{} ({})", m.card == Cardinality::kManyToOne ? "left" : "right",
                       PrintLabels(m.include));
  }
  if (m.fill_left && m.fill_left == m.fill_right) {
    return out + fmt::format(" fill ({})", FormatFloatG(*m.fill_left));
  }
  if (m.fill_left) out += fmt::format(" fill_left ({})", FormatFloatG(*m.fill_left));
  if (m.fill_right) out += fmt::format(" fill_right ({})", FormatFloatG(*m.fill_right));
  return out;
}

struct Printer {
  std::string operator()(const NumberLiteral& n) const {
    if (n.written_as_duration) return PrintDuration(std::llround(n.value * 1000));
    return FormatFloatF(n.value);
  }
  std::string operator()(const StringLiteral& n) const { return Quote(n.value); }
  std::string operator()(const VectorSelector& n) const {
    return PrintMatchers(n) + PrintAt(n.time) + PrintExtension(n.extension) + PrintOffset(n.time);
  }
  std::string operator()(const MatrixSelector& n) const {
    const TimeModifier& time = n.selector.time;
    return fmt::format("{}[{}]{}{}{}", PrintMatchers(n.selector), PrintSpec(n.range),
                       PrintExtension(n.selector.extension), PrintAt(time), PrintOffset(time));
  }
  std::string operator()(const Subquery& n) const {
    return fmt::format("{}[{}:{}]{}", Print(*n.expr), PrintSpec(n.range),
                       n.step.IsZero() ? "" : PrintSpec(n.step),
                       PrintAt(n.time) + PrintOffset(n.time));
  }
  std::string operator()(const ParenExpr& n) const { return fmt::format("({})", Print(*n.expr)); }
  std::string operator()(const UnaryExpr& n) const {
    return (n.negate ? "-" : "+") + Print(*n.expr);
  }
  std::string operator()(const BinaryExpr& n) const {
    const bool vectors =
        TypeOf(*n.lhs) == ValueType::kVector && TypeOf(*n.rhs) == ValueType::kVector;
    return fmt::format("{} {}{}{} {}", Print(*n.lhs), TokenText(n.op), n.return_bool ? " bool" : "",
                       vectors ? PrintMatching(n.matching) : "", Print(*n.rhs));
  }
  std::string operator()(const AggregateExpr& n) const {
    std::string grouping;
    if (n.without) {
      grouping = fmt::format(" without ({}) ", PrintLabels(n.grouping));
    } else if (!n.grouping.empty()) {
      grouping = fmt::format(" by ({}) ", PrintLabels(n.grouping));
    }
    return fmt::format("{}{}({}{})", TokenText(n.op), grouping,
                       n.param ? Print(*n.param) + ", " : "", Print(*n.expr));
  }
  std::string operator()(const Call& n) const {
    std::vector<std::string> args;
    args.reserve(n.args.size());
    for (const ExprPtr& arg : n.args) args.push_back(Print(*arg));
    return fmt::format("{}({})", n.function->name, Join(args, ", "));
  }
};

}  // namespace

std::string Print(const Expr& expr) { return std::visit(Printer{}, expr.node); }

}  // namespace outrider::promql
