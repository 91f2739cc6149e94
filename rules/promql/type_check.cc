// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/type_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "rules/promql/functions/table.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

class Checker {
 public:
  explicit Checker(std::string_view query) : query_(query) {}

  Status Check(const Expr& e) {
    return std::visit([&](const auto& node) { return CheckNode(e, node); }, e.node);
  }

 private:
  Status Error(uint32_t pos, const std::string& message) const {
    return InvalidArgument(fmt::format("{}: parse error: {}", PositionText(query_, pos), message));
  }

  Status Want(const Expr& e, ValueType want, const std::string& context) {
    TRY(Check(e));
    const ValueType got = TypeOf(e);
    if (got == want) return {};
    return Error(e.pos.start, fmt::format("expected type {} in {}, got {}", ValueTypeText(want),
                                          context, ValueTypeText(got)));
  }

  Status CheckNode(const Expr& /*e*/, const NumberLiteral& /*n*/) { return {}; }
  Status CheckNode(const Expr& /*e*/, const StringLiteral& /*n*/) { return {}; }
  Status CheckNode(const Expr& /*e*/, const ParenExpr& n) { return Check(*n.expr); }
  Status CheckNode(const Expr& e, const MatrixSelector& n) { return CheckNode(e, n.selector); }

  Status CheckNode(const Expr& e, const VectorSelector& n) {
    if (!n.name.empty()) {
      // The last matcher is that of the name itself.
      for (const Matcher& m : std::span(n.matchers).first(n.matchers.size() - 1)) {
        if (m.name() != kMetricName) continue;
        return Error(e.pos.start, fmt::format("metric name must not be set twice: {} or {}",
                                              Quote(n.name), Quote(m.value())));
      }
      return {};
    }
    const bool selective = std::any_of(n.matchers.begin(), n.matchers.end(),
                                       [](const Matcher& m) { return !m.MatchesEmpty(); });
    if (selective) return {};
    return Error(e.pos.start, "vector selector must contain at least one non-empty matcher");
  }

  Status CheckNode(const Expr& e, const Subquery& n) {
    TRY(Check(*n.expr));
    const ValueType type = TypeOf(*n.expr);
    if (type == ValueType::kVector) return {};
    const std::string_view text = type == ValueType::kMatrix ? "matrix" : ValueTypeText(type);
    return Error(e.pos.start,
                 fmt::format("subquery is only allowed on instant vector, got {} instead", text));
  }

  Status CheckNode(const Expr& e, const UnaryExpr& n) {
    TRY(Check(*n.expr));
    const ValueType type = TypeOf(*n.expr);
    if (type == ValueType::kScalar || type == ValueType::kVector) return {};
    return Error(e.pos.start,
                 fmt::format("unary expression only allowed on expressions of type scalar or "
                             "instant vector, got \"{}\"",
                             ValueTypeText(type)));
  }

  Status CheckNode(const Expr& /*e*/, const AggregateExpr& n) {
    TRY(Want(*n.expr, ValueType::kVector, "aggregation expression"));
    if (!n.param) return {};
    const bool text = n.op == Token::kCountValues;
    return Want(*n.param, text ? ValueType::kString : ValueType::kScalar, "aggregation parameter");
  }

  // Where Prometheus says that the operator is: behind the left side.
  uint32_t OperatorPos(const BinaryExpr& n) const {
    const size_t pos = query_.find_first_not_of(" \t\r\n", n.lhs->pos.end);
    return pos == std::string_view::npos ? n.lhs->pos.end : static_cast<uint32_t>(pos);
  }

  Status CheckNode(const Expr& e, const BinaryExpr& n) {
    TRY(Check(*n.lhs));
    TRY(Check(*n.rhs));
    const ValueType lhs = TypeOf(*n.lhs);
    const ValueType rhs = TypeOf(*n.rhs);
    const bool both_scalar = lhs == ValueType::kScalar && rhs == ValueType::kScalar;
    if (n.return_bool && !IsComparison(n.op)) {
      return Error(OperatorPos(n), "bool modifier can only be used on comparison operators");
    }
    if (IsComparison(n.op) && !n.return_bool && both_scalar) {
      return Error(OperatorPos(n), "comparisons between scalars must use BOOL modifier");
    }
    for (const std::string& label : n.matching.labels) {
      const auto& include = n.matching.include;
      if (n.matching.on && std::find(include.begin(), include.end(), label) != include.end()) {
        return Error(
            OperatorPos(n),
            fmt::format("label {} must not occur in ON and GROUP clause at once", Quote(label)));
      }
    }
    constexpr std::string_view kOnlyVectors =
        "binary expression must contain only scalar and instant vector types";
    for (const Expr* side : {n.lhs.get(), n.rhs.get()}) {
      const ValueType type = TypeOf(*side);
      if (type != ValueType::kScalar && type != ValueType::kVector) {
        return Error(side->pos.start, std::string(kOnlyVectors));
      }
    }
    return CheckMatching(e, n, lhs == ValueType::kVector && rhs == ValueType::kVector);
  }

  Status CheckMatching(const Expr& e, const BinaryExpr& n, bool both_vector) const {
    const std::string_view op = TokenText(n.op);
    if (!both_vector && n.matching.written && !n.matching.labels.empty()) {
      return Error(e.pos.start, "vector matching only allowed between instant vectors");
    }
    if (!both_vector && n.matching.fills()) {
      return Error(e.pos.start, "filling in missing series only allowed between instant vectors");
    }
    if (!both_vector && IsSetOperator(n.op)) {
      return Error(e.pos.start,
                   fmt::format("set operator \"{}\" not allowed in binary scalar expression", op));
    }
    if (IsSetOperator(n.op) && n.matching.card != Cardinality::kManyToMany) {
      return Error(e.pos.start, fmt::format("no grouping allowed for \"{}\" operation", op));
    }
    if (IsSetOperator(n.op) && n.matching.fills()) {
      return Error(e.pos.start, "filling in missing series not allowed for set operators");
    }
    return {};
  }

  Status CheckNode(const Expr& e, const Call& n) {
    const FunctionEntry& f = *n.function;
    const size_t wanted = f.args.size();
    const size_t got = n.args.size();
    const size_t least = f.variadic == 0 ? wanted : wanted - 1;
    const auto wrong = [&](std::string_view how, size_t count) {
      return Error(e.pos.start, fmt::format("expected {}{} argument(s) in call to {}, got {}", how,
                                            count, Quote(f.name), got));
    };
    if (f.variadic == 0 && got != wanted) return wrong("", wanted);
    if (got < least) return wrong("at least ", least);
    if (f.variadic > 0 && got > least + static_cast<size_t>(f.variadic)) {
      return wrong("at most ", least + static_cast<size_t>(f.variadic));
    }
    if (f.flags & FunctionEntry::kLabelSelector) return CheckLabelSelector(e, n);
    for (size_t i = 0; i < got; ++i) {
      const ValueType want = f.args[std::min(i, wanted - 1)];
      TRY(Want(*n.args[i], want, fmt::format("call to function {}", Quote(f.name))));
    }
    return {};
  }

  // info(v, {label="value", …}): the second argument is no vector, only matchers.
  Status CheckLabelSelector(const Expr& e, const Call& n) {
    const std::string context = fmt::format("call to function {}", Quote(n.function->name));
    if (n.args.size() > 1) {
      const Expr& matchers = *n.args[1];
      const ValueType type = TypeOf(matchers);
      if (type != ValueType::kVector) {
        return Error(e.pos.start,
                     fmt::format("expected type {} in {}, got {}",
                                 ValueTypeText(ValueType::kVector), context, ValueTypeText(type)));
      }
      const auto* selector = std::get_if<VectorSelector>(&matchers.node);
      if (selector == nullptr) return Error(matchers.pos.start, "expected label selectors only");
      if (!selector->name.empty()) {
        return Error(matchers.pos.start,
                     "expected label selectors only, got vector selector instead");
      }
    }
    return Want(*n.args[0], ValueType::kVector, context);
  }

  std::string_view query_;
};

}  // namespace

Status CheckTypes(const Expr& expr, std::string_view query) { return Checker(query).Check(expr); }

}  // namespace outrider::promql
