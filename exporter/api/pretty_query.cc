// SPDX-License-Identifier: Apache-2.0
// Works on the one-line texts of the printer: what stands between the texts of a node's children is
// the node's own.
#include "exporter/api/pretty_query.h"

#include <fmt/format.h>

#include "rules/promql/functions/table.h"
#include "rules/promql/printer.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using promql::Expr;

constexpr size_t kLineLength = 100;
// Every level prints all that is below it. What would take longer than a second or two stays on one
// line.
constexpr size_t kMostWork = size_t{4} << 30;

std::string Indent(size_t level) { return std::string(2 * level, ' '); }

std::string Pretty(const Expr& expr, size_t level);

std::string PrettyChild(const promql::ExprPtr& child, size_t level) {
  return Pretty(*child, level + 1);
}

// Splits one node, whose text is `line`.
struct Splitter {
  const std::string& line;
  size_t level;

  template <typename Leaf>
  std::string operator()(const Leaf& /*node*/) const {
    return Indent(level) + line;
  }
  std::string operator()(const promql::ParenExpr& n) const {
    return fmt::format("{}(\n{}\n{})", Indent(level), PrettyChild(n.expr, level), Indent(level));
  }
  std::string operator()(const promql::UnaryExpr& n) const {
    const std::string child = Pretty(*n.expr, level);
    return fmt::format("{}{}{}", Indent(level), n.negate ? "-" : "+", Trim(child));
  }
  std::string operator()(const promql::Subquery& n) const {
    return Pretty(*n.expr, level) + line.substr(promql::Print(*n.expr).size());
  }
  std::string operator()(const promql::BinaryExpr& n) const {
    const size_t begin = promql::Print(*n.lhs).size() + 1;
    const size_t end = line.size() - promql::Print(*n.rhs).size() - 1;
    return fmt::format("{}\n{}{}\n{}", PrettyChild(n.lhs, level), Indent(level),
                       line.substr(begin, end - begin), PrettyChild(n.rhs, level));
  }
  std::string operator()(const promql::AggregateExpr& n) const {
    size_t inside = promql::Print(*n.expr).size() + 2;  // with both parentheses
    if (n.param) inside += promql::Print(*n.param).size() + 2;
    return fmt::format("{}{}(\n{}{}\n{})", Indent(level), line.substr(0, line.size() - inside),
                       n.param ? PrettyChild(n.param, level) + ",\n" : "",
                       PrettyChild(n.expr, level), Indent(level));
  }
  std::string operator()(const promql::Call& n) const {
    std::vector<std::string> args;
    args.reserve(n.args.size());
    for (const promql::ExprPtr& arg : n.args) args.push_back(PrettyChild(arg, level));
    return fmt::format("{}{}(\n{}\n{})", Indent(level), n.function->name, Join(args, ",\n"),
                       Indent(level));
  }
};

std::string Pretty(const Expr& expr, size_t level) {
  const std::string line = promql::Print(expr);
  // A subquery that fits is not indented, and a sign always goes before what its operand became.
  if (line.size() <= kLineLength && !std::holds_alternative<promql::UnaryExpr>(expr.node)) {
    return std::holds_alternative<promql::Subquery>(expr.node) ? line : Indent(level) + line;
  }
  return std::visit(Splitter{line, level}, expr.node);
}

}  // namespace

std::string PrettyQuery(const Expr& expr) {
  std::string line = promql::Print(expr);
  const auto depth = static_cast<size_t>(expr.depth);
  return line.size() * depth * depth > kMostWork ? line : Pretty(expr, 0);
}

}  // namespace outrider
