// SPDX-License-Identifier: Apache-2.0
// The tree of a PromQL expression: a closed set of node kinds in a std::variant. The parser builds
// it, the type checker accepts it, planning fills `step_invariant`; after that it is immutable and
// shared between threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "rules/promql/token.h"
#include "rules/promql/value.h"
#include "storage/base/clock.h"
#include "storage/model/matcher.h"

namespace outrider::promql {

struct Expr;
struct FunctionEntry;  // rules/promql/functions/table.h
using ExprPtr = std::unique_ptr<Expr>;

// Byte offsets in the query, half open.
struct PosRange {
  uint32_t start = 0;
  uint32_t end = 0;
};

// Arithmetic in [ ] and after `offset`: numbers (seconds), + - * / % ^, step() range() min_of()
// max_of().
struct DurationExpr {
  Token op =
      Token::kNumber;  // kNumber, kStep, kRange, kMinOf, kMaxOf or an operator; a sign has no lhs
  double value = 0;    // of kNumber, in seconds
  bool written_as_duration = false;
  bool wrapped = false;  // stands in parentheses
  std::unique_ptr<DurationExpr> lhs;
  std::unique_ptr<DurationExpr> rhs;
  int depth = 1;
  PosRange pos{};
};

// A duration that is known when parsed, or an expression that is computed per query.
struct DurationSpec {
  DurationMs ms = 0;
  std::unique_ptr<DurationExpr> expr;
  bool IsZero() const { return ms == 0 && expr == nullptr; }
};

struct TimeModifier {
  enum class At { kNone, kTimestamp, kStart, kEnd };
  DurationSpec offset;
  At at = At::kNone;
  Timestamp timestamp = 0;  // of kTimestamp
};

struct NumberLiteral {
  double value = 0;
  bool written_as_duration = false;
};
struct StringLiteral {
  std::string value;
};
// How a selector treats samples around its window: not at all, by the one before its start
// (`anchored`), or by those around both ends (`smoothed`).
enum class Extension { kNone, kAnchored, kSmoothed };
struct VectorSelector {
  std::string name;  // as written before { }; a name quoted inside is a matcher only
  std::vector<Matcher> matchers;
  TimeModifier time{};
  Extension extension = Extension::kNone;
  bool stats_only = false;  // of native histograms only count and sum are needed; by planning
};
struct MatrixSelector {
  VectorSelector selector;
  DurationSpec range{};
};
struct Subquery {
  ExprPtr expr{};
  DurationSpec range{};
  DurationSpec step{};  // zero: the engine's default
  TimeModifier time{};
};
struct ParenExpr {
  ExprPtr expr{};
};
struct UnaryExpr {
  bool negate = false;
  ExprPtr expr{};
};

enum class Cardinality { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
struct VectorMatching {
  Cardinality card = Cardinality::kOneToOne;
  bool on = false;
  std::vector<std::string> labels;   // of on(…) or ignoring(…)
  std::vector<std::string> include;  // of group_left(…) or group_right(…)
  bool written = false;              // some modifier was written
  // Values in place of a missing partner: on the left of a lone right series, and so on.
  std::optional<double> fill_left{};
  std::optional<double> fill_right{};
  bool fills() const { return fill_left || fill_right; }
};
struct BinaryExpr {
  Token op = Token::kAdd;
  ExprPtr lhs{};
  ExprPtr rhs{};
  bool return_bool = false;
  VectorMatching matching{};
};
struct AggregateExpr {
  Token op = Token::kSum;
  ExprPtr expr{};
  ExprPtr param{};  // of topk, bottomk, quantile, count_values, limitk, limit_ratio
  std::vector<std::string> grouping{};
  bool without = false;
};
struct Call {
  const FunctionEntry* function = nullptr;
  std::vector<ExprPtr> args;
};

struct Expr {
  using Node = std::variant<NumberLiteral, StringLiteral, VectorSelector, MatrixSelector, Subquery,
                            ParenExpr, UnaryExpr, BinaryExpr, AggregateExpr, Call>;
  Node node{};
  PosRange pos{};
  int depth = 1;                // 1 + the deepest child
  bool step_invariant = false;  // the same value at every step of a range query
};

inline bool IsComparison(Token op) { return op >= Token::kEqual && op <= Token::kGreaterEqual; }
inline bool IsSetOperator(Token op) {
  return op == Token::kAnd || op == Token::kOr || op == Token::kUnless;
}
inline bool HasParameter(Token aggregator) {
  return aggregator == Token::kTopk || aggregator == Token::kBottomk ||
         aggregator == Token::kQuantile || aggregator == Token::kCountValues ||
         aggregator == Token::kLimitk || aggregator == Token::kLimitRatio;
}

// Of a tree that the type checker accepted (of others: what the root's kind gives).
ValueType TypeOf(const Expr& expr);
// The expression inside any parentheses.
const Expr& Unwrapped(const Expr& expr);
// Direct children in evaluation order.
std::vector<const Expr*> ChildrenOf(const Expr& expr);
std::vector<Expr*> MutableChildrenOf(Expr& expr);
// `line:column`, both from 1, of a byte offset; Prometheus' "unknown position" for an empty text.
std::string PositionText(std::string_view query, uint32_t pos);

}  // namespace outrider::promql
