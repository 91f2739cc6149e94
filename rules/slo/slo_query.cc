// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_query.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "fmt/format.h"
#include "rules/promql/ast.h"
#include "rules/promql/functions/table.h"
#include "rules/slo/counted_form.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using promql::Expr;

// What a tree is made of, as far as counting is concerned.
struct Survey {
  bool counters_only = true;       // nothing that the growth of counters cannot stand in for
  bool rate = false;               // per second
  std::vector<DurationMs> ranges;  // of rate() and increase() of selectors
  std::vector<DurationMs> sums;    // of functions that add up over their range; 0: computed
  std::vector<const promql::VectorSelector*> ranged;
  std::vector<const promql::VectorSelector*> plain;
};

bool Pinned(const promql::VectorSelector& selector) {
  return !selector.time.offset.IsZero() || selector.time.at != promql::TimeModifier::At::kNone ||
         selector.extension != promql::Extension::kNone;
}

// The others of a range give a level or a speed.
constexpr std::array<std::string_view, 6> kAddUp = {"increase", "delta",         "changes",
                                                    "resets",   "sum_over_time", "count_over_time"};

DurationMs Fixed(const promql::DurationSpec& range) { return range.expr == nullptr ? range.ms : 0; }

void SurveyCall(const promql::Call& call, Survey* survey) {
  const std::string_view name = call.function->name;
  const bool per_second = name == "rate" || name == "irate" || name == "deriv";
  survey->rate |= per_second;
  for (const promql::ExprPtr& arg : call.args) {
    const Expr& inner = promql::Unwrapped(*arg);
    const auto* matrix = std::get_if<promql::MatrixSelector>(&inner.node);
    const auto* subquery = std::get_if<promql::Subquery>(&inner.node);
    if (matrix == nullptr && subquery == nullptr) continue;
    if (std::ranges::find(kAddUp, name) != kAddUp.end()) {
      survey->sums.push_back(Fixed(matrix != nullptr ? matrix->range : subquery->range));
    }
    if (matrix == nullptr || (name != "rate" && name != "increase")) {
      survey->counters_only = false;
      continue;
    }
    survey->ranged.push_back(&matrix->selector);
    survey->ranges.push_back(matrix->range.ms);
    if (matrix->range.expr != nullptr || Pinned(matrix->selector)) survey->counters_only = false;
  }
}

// Depth is bounded by the parser.
void SurveyTree(const Expr& expr, Survey* survey) {
  if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
    SurveyCall(*call, survey);
  } else if (const auto* selector = std::get_if<promql::VectorSelector>(&expr.node)) {
    survey->plain.push_back(selector);
  } else if (std::holds_alternative<promql::Subquery>(expr.node)) {
    survey->counters_only = false;
  }
  for (const Expr* child : promql::ChildrenOf(expr)) {
    if (std::holds_alternative<promql::MatrixSelector>(promql::Unwrapped(*child).node)) continue;
    SurveyTree(*child, survey);
  }
}

bool SameSelector(const promql::VectorSelector& a, const promql::VectorSelector& b) {
  return a.matchers == b.matchers;
}

bool AllSame(const std::vector<DurationMs>& ranges) {
  return std::ranges::adjacent_find(ranges, std::not_equal_to<>()) == ranges.end();
}

bool Countable(const Expr& root, const Survey& survey, bool raw_counters) {
  if (!survey.counters_only || !AddsUpOverSlots(root, survey.ranged.empty())) return false;
  if (survey.ranged.empty()) {
    return raw_counters && !survey.plain.empty() &&
           std::ranges::none_of(survey.plain, [](const auto* one) { return Pinned(*one); });
  }
  if (!AllSame(survey.ranges)) return false;
  // A selector that stands for its growth in one place cannot stand for its value in another.
  return std::ranges::none_of(survey.plain, [&](const auto* plain) {
    return std::ranges::any_of(survey.ranged,
                               [&](const auto* ranged) { return SameSelector(*plain, *ranged); });
  });
}

std::string_view TextOf(std::string_view text, const Expr& expr) {
  return text.substr(expr.pos.start, expr.pos.end - expr.pos.start);
}

// The two sides of a division that matches label sets as they are.
const promql::BinaryExpr* PlainDivision(const Expr& expr) {
  const auto* division = std::get_if<promql::BinaryExpr>(&promql::Unwrapped(expr).node);
  if (division == nullptr || division->op != promql::Token::kDiv) return nullptr;
  if (division->matching.written || division->matching.fills()) return nullptr;
  const bool vectors = promql::TypeOf(*division->lhs) == promql::ValueType::kVector &&
                       promql::TypeOf(*division->rhs) == promql::ValueType::kVector;
  return vectors ? division : nullptr;
}

bool IsOne(const Expr& expr) {
  const auto* number = std::get_if<promql::NumberLiteral>(&promql::Unwrapped(expr).node);
  return number != nullptr && number->value == 1;
}

// The text with {{.window}} kept, although the tree was made of another: both have windows of one
// length only if they are written alike, so a mark of the same length takes the place.
constexpr std::string_view kMark = "7777777ms";

// How a sampled value becomes events: a speed is integrated as it is, a level too; what adds up
// over a range is divided by it.
void SetSampledScale(const Survey& survey, SloQuery* query) {
  if (survey.rate || survey.sums.empty()) return;
  if (AllSame(survey.sums) && survey.sums.front() > 0) {
    query->sampled_events_second =
        static_cast<double>(kSecond) / static_cast<double>(survey.sums.front());
  } else {
    query->no_events =
        "events cannot be counted by sums over different or computed ranges: write one range, such "
        "as {{.window}}, everywhere";
  }
}

}  // namespace

StatusOr<std::string> PutWindow(std::string_view text, std::string_view window) {
  std::string out;
  while (true) {
    const size_t open = text.find("{{");
    if (open == std::string_view::npos) return out + std::string(text);
    const size_t close = text.find("}}", open);
    if (close == std::string_view::npos) return InvalidArgument("{{ without }}");
    std::string_view action = text.substr(open + 2, close - open - 2);
    if (action.starts_with('-')) action.remove_prefix(1);
    if (action.ends_with('-')) action.remove_suffix(1);
    if (Trim(action) != ".window") {
      return InvalidArgument(
          fmt::format("only {{{{.window}}}} can stand here, not {{{{{}}}}}", std::string(action)));
    }
    out += text.substr(0, open);
    out += window;
    text.remove_prefix(close + 2);
  }
}

StatusOr<SloQuery> CompileSloQuery(std::string_view text, bool raw_counters,
                                   const promql::ParseOptions& options) {
  auto counted = TRY(promql::Expression::Parse(
      TRY(PutWindow(text, fmt::format("{}s", kCountedRange / kSecond))), options));
  auto sampled = TRY(promql::Expression::Parse(TRY(PutWindow(text, "5m")), options));
  if (counted.type() != promql::ValueType::kVector &&
      counted.type() != promql::ValueType::kScalar) {
    return InvalidArgument(fmt::format("expression gives a {}, an instant vector is needed",
                                       std::string(promql::ValueTypeText(counted.type()))));
  }
  Survey survey;
  SurveyTree(counted.root(), &survey);
  Survey sampled_survey;
  SurveyTree(sampled.root(), &sampled_survey);
  const bool countable = Countable(counted.root(), survey, raw_counters);
  SloQuery query{.text = std::string(text),
                 .counting = countable ? SloCounting::kCounted : SloCounting::kSampled,
                 .raw_counters = raw_counters,
                 .expr = countable ? std::move(counted) : sampled,
                 .sampled = sampled};
  query.ranged = !survey.ranged.empty();
  if (countable && query.ranged && survey.rate) {
    query.scale = static_cast<double>(survey.ranges.front()) / kSecond;
  }
  SetSampledScale(sampled_survey, &query);
  return query;
}

SplitRatio SplitErrorRatio(std::string_view text, const promql::ParseOptions& options) {
  SplitRatio out;
  const StatusOr<std::string> marked = PutWindow(text, kMark);
  if (!marked.ok()) return out;
  const StatusOr<promql::Expression> parsed = promql::Expression::Parse(*marked, options);
  if (!parsed.ok()) return out;
  const Expr& root = promql::Unwrapped(parsed->root());
  const promql::BinaryExpr* division = PlainDivision(root);
  const auto* difference = std::get_if<promql::BinaryExpr>(&root.node);
  if (division == nullptr && difference != nullptr && difference->op == promql::Token::kSub &&
      IsOne(*difference->lhs)) {
    division = PlainDivision(*difference->rhs);
    out.good = true;
  }
  if (division == nullptr) return out;
  const auto side = [&](const Expr& expr) {
    std::string back(TextOf(*marked, expr));
    for (size_t at = back.find(kMark); at != std::string::npos; at = back.find(kMark, at)) {
      back.replace(at, kMark.size(), "{{.window}}");
    }
    return back;
  };
  out.split = true;
  out.upper = side(*division->lhs);
  out.lower = side(*division->rhs);
  return out;
}

}  // namespace outrider
