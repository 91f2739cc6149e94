// SPDX-License-Identifier: Apache-2.0
// The templates' own parser finds the calls; what they are given is a literal, a printf with a
// literal format, or unknown.
#include "exporter/trial/rule_reads.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "rules/rulefile/template_text.h"
#include "rules/template/parser.h"

namespace outrider {
namespace {

using tmpl::Node;
using tmpl::NodeType;

// Stands for what printf fills in, in the place of a matcher's value or a part of it.
constexpr std::string_view kFilledIn = "\x01";

// A format with its verbs as kFilledIn; %q brings its own quotes.
std::string Filled(std::string_view format) {
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    i = std::min(format.find_first_not_of("+-# 0123456789.", i + 1), format.size());
    if (i == format.size()) break;
    const bool quoted = format[i] == 'q';
    if (quoted) out += '"';
    out += format[i] == '%' ? std::string_view("%") : kFilledIn;
    if (quoted) out += '"';
  }
  return out;
}

// The text that an operand or a whole pipe gives, as far as it is known without running it.
std::optional<std::string> TextOf(const Node& node) {  // NOLINT(misc-no-recursion)
  if (node.type == NodeType::kConstant) {
    const std::string* text = node.constant.AsString();
    return text != nullptr ? std::optional(*text) : std::nullopt;
  }
  if (node.type == NodeType::kPipe && node.children.size() == 1) return TextOf(*node.children[0]);
  if (node.type != NodeType::kCommand || node.children.empty()) return std::nullopt;
  if (node.children.size() == 1) return TextOf(*node.children[0]);
  const Node& function = *node.children[0];
  if (function.type != NodeType::kIdentifier || function.text != "printf") return std::nullopt;
  const std::optional<std::string> format = TextOf(*node.children[1]);
  return format ? std::optional(Filled(*format)) : std::nullopt;
}

// Collects the arguments of `query`.
class Calls {
 public:
  void Statements(const tmpl::NodeList& list) {  // NOLINT(misc-no-recursion)
    for (const tmpl::NodePtr& node : list) {
      if (node->pipe != nullptr) Expression(*node->pipe);
      Statements(node->list);
      Statements(node->else_list);
    }
  }
  // nullopt: unknown.
  const std::vector<std::optional<std::string>>& arguments() const { return arguments_; }

 private:
  // A pipe, or the fields of one in parentheses; other expressions hold no calls.
  void Expression(const Node& node) {  // NOLINT(misc-no-recursion)
    const Node* before = nullptr;
    for (const tmpl::NodePtr& child : node.children) {
      if (child->type == NodeType::kCommand) {
        Command(*child, before);
        before = child.get();
      } else {
        Expression(*child);
      }
    }
  }

  // `before`: whose value comes as the last argument.
  void Command(const Node& command, const Node* before) {  // NOLINT(misc-no-recursion)
    for (const tmpl::NodePtr& child : command.children) Expression(*child);
    if (command.children.empty()) return;
    const Node& function = *command.children[0];
    if (function.type != NodeType::kIdentifier || function.text != "query") return;
    if (command.children.size() > 1) {
      arguments_.push_back(TextOf(*command.children[1]));
    } else {
      arguments_.push_back(before != nullptr ? TextOf(*before) : std::nullopt);
    }
  }

  std::vector<std::optional<std::string>> arguments_;
};

// Without the matchers whose value is filled in. The rest selects more, never less.
promql::Expression::Reach Widened(promql::Expression::Reach reach) {
  std::erase_if(reach.matchers, [](const Matcher& matcher) {
    return matcher.value().find(kFilledIn) != std::string::npos;
  });
  return reach;
}

void AddQuery(const std::optional<std::string>& text, DurationMs lookback,
              const promql::ParseOptions& promql, RuleReads* reads) {
  if (!text) {
    reads->anything = true;
    return;
  }
  const auto expression = promql::Expression::Parse(*text, promql);
  if (!expression.ok()) {
    // A query of no known text; what never parses reads nothing.
    reads->anything |= text->find(kFilledIn) != std::string::npos;
    return;
  }
  for (promql::Expression::Reach& reach : expression->Selectors(lookback)) {
    promql::Expression::Reach wide = Widened(std::move(reach));
    const bool selects = std::ranges::any_of(
        wide.matchers, [](const Matcher& matcher) { return !matcher.MatchesEmpty(); });
    if (selects) {
      reads->selectors.push_back(std::move(wide));
    } else {
      reads->anything = true;  // all that a server has: too much to fetch
    }
  }
}

void Append(RuleReads from, RuleReads* to) {
  std::ranges::move(from.selectors, std::back_inserter(to->selectors));
  to->anything |= from.anything;
}

}  // namespace

RuleReads ReadsOfTexts(const std::map<std::string, std::string>& texts, DurationMs lookback,
                       const promql::ParseOptions& promql) {
  RuleReads reads;
  for (const auto& [name, text] : texts) {
    if (!HasActions(text) || text.find("query") == std::string::npos) continue;
    const auto trees = tmpl::ParseTemplate("reads", std::string(kRuleTemplatePrefix) + text,
                                           [](std::string_view) { return true; });
    if (!trees.ok()) continue;  // it fails when it runs, too
    Calls calls;
    for (const auto& tree : *trees) calls.Statements(tree->root);
    for (const auto& argument : calls.arguments()) AddQuery(argument, lookback, promql, &reads);
  }
  return reads;
}

RuleReads ReadsOfRule(const Rule& rule, DurationMs lookback, const promql::ParseOptions& promql) {
  RuleReads reads;
  if (rule.expression) reads.selectors = rule.expression->Selectors(lookback);
  Append(ReadsOfTexts(rule.labels, lookback, promql), &reads);
  Append(ReadsOfTexts(rule.annotations, lookback, promql), &reads);
  return reads;
}

}  // namespace outrider
