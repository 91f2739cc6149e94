// SPDX-License-Identifier: Apache-2.0
// Vector selectors with their matchers, and what may follow: [range], [range:step], offset, @.
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "rules/promql/parser.h"
#include "rules/promql/parser_state.h"
#include "rules/promql/type_check.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

constexpr std::string_view kWhat = "label matching";

std::optional<MatchType> MatchTypeOf(Token token) {
  switch (token) {
    case Token::kAssign:
      return MatchType::kEqual;
    case Token::kNotEqual:
      return MatchType::kNotEqual;
    case Token::kEqualRegex:
      return MatchType::kRegex;
    case Token::kNotEqualRegex:
      return MatchType::kNotRegex;
    default:
      return std::nullopt;
  }
}

// The modifiers of the node that `offset` and `@` may follow, or nullptr.
TimeModifier* ModifierOf(Expr* expr) {
  if (auto* vector = std::get_if<VectorSelector>(&expr->node)) return &vector->time;
  if (auto* matrix = std::get_if<MatrixSelector>(&expr->node)) return &matrix->selector.time;
  if (auto* subquery = std::get_if<Subquery>(&expr->node)) return &subquery->time;
  return nullptr;
}

}  // namespace

StatusOr<ExprPtr> Parser::ParseVectorSelector() {
  VectorSelector selector;
  const uint32_t start = current_.pos;
  if (!At(Token::kLeftBrace)) {
    selector.name = std::string(Take().text);
    selector.matchers.push_back(Matcher::Equal(std::string(kMetricName), selector.name));
  }
  if (At(Token::kLeftBrace)) TRY(ParseMatchers(&selector));
  return Finish({.node = std::move(selector)}, {start, end_});
}

StatusOr<VectorSelector> Parser::ParseSelectorAlone() {
  if (At(Token::kEof)) return ErrorAt(0, "no expression found in input");
  ExprPtr expr = TRY(ParseVectorSelector());
  if (!At(Token::kEof)) return Unexpected();
  return std::get<VectorSelector>(std::move(expr->node));
}

Status Parser::ParseMatchers(VectorSelector* selector) {
  TRY(Expect(Token::kLeftBrace));
  std::vector<Matcher> by_name = std::move(selector->matchers);
  selector->matchers.clear();
  while (!At(Token::kRightBrace)) {
    TRY(ParseMatcher(selector));
    if (At(Token::kRightBrace)) break;
    TRY(Expect(Token::kComma, {kWhat, "\",\" or \"}\""}));
  }
  TRY(Expect(Token::kRightBrace, {kWhat, "\",\" or \"}\""}));
  for (Matcher& matcher : by_name) selector->matchers.push_back(std::move(matcher));
  return {};
}

Status Parser::ParseMatcher(VectorSelector* selector) {
  if (!At(Token::kIdentifier) && !At(Token::kString)) {
    return Unexpected({kWhat, "identifier or \"}\""});
  }
  const Item label = Take();
  if (const std::optional<MatchType> type = MatchTypeOf(current_.token)) {
    Take();
    if (!At(Token::kString)) return Unexpected({kWhat, "string"});
    const Item value = Take();
    return AddMatcher(selector, *type, label, value);
  }
  // A quoted name alone is the metric name.
  if (label.token == Token::kString) {
    selector->matchers.push_back(Matcher::Equal(std::string(kMetricName), TRY(Unquoted(label))));
    return {};
  }
  return Unexpected({kWhat, "label matching operator"});
}

Status Parser::AddMatcher(VectorSelector* selector, MatchType type, const Item& label,
                          const Item& value) {
  std::string name(label.text);
  if (label.token == Token::kString) name = TRY(Unquoted(label));
  std::string text = TRY(Unquoted(value));
  StatusOr<Matcher> matcher =
      Matcher::Create(type, std::move(name), std::move(text), Regex::Dot::kAll);
  if (!matcher.ok()) return ErrorAt(label.pos, Message(matcher.status()));
  selector->matchers.push_back(*std::move(matcher));
  return {};
}

StatusOr<ExprPtr> Parser::ParseBracket(ExprPtr expr) {
  const uint32_t bracket = Take().pos;
  const uint32_t start = expr->pos.start;
  const Within range_selector(
      this, {"subquery or range selector", "number, duration, step(), or range()"});
  DurationSpec range = TRY(ParsePositiveDuration());
  if (At(Token::kColon)) {
    Take();
    const Within step(this, {"subquery selector", "number, duration, step(), range(), or \"]\""});
    Subquery subquery{.expr = std::move(expr), .range = std::move(range)};
    if (!At(Token::kRightBracket)) subquery.step = TRY(ParsePositiveDuration());
    TRY(Expect(Token::kRightBracket, {"subquery selector", "\"]\""}));
    return Finish({.node = std::move(subquery)}, {start, end_});
  }
  TRY(Expect(Token::kRightBracket, {"subquery or range", "\":\" or \"]\""}));
  auto* selector = std::get_if<VectorSelector>(&expr->node);
  if (selector == nullptr) return ErrorAt(bracket, "ranges only allowed for vector selectors");
  if (!selector->time.offset.IsZero()) {
    return ErrorAt(bracket, "no offset modifiers allowed before range");
  }
  if (selector->time.at != TimeModifier::At::kNone) {
    return ErrorAt(bracket, "no @ modifiers allowed before range");
  }
  MatrixSelector matrix{.selector = std::move(*selector), .range = std::move(range)};
  return Finish({.node = std::move(matrix)}, {start, end_});
}

Status Parser::ParseOffset(Expr* expr) {
  Take();
  const Within offset_modifier(this, {"offset", "number, duration, step(), or range()"});
  DurationSpec offset = TRY(ParseOffsetDuration());
  TimeModifier* time = ModifierOf(expr);
  if (time == nullptr) {
    return ErrorAt(expr->pos.start,
                   "offset modifier must be preceded by an instant vector selector or range "
                   "vector selector or a subquery");
  }
  if (!time->offset.IsZero()) {
    return ErrorAt(expr->pos.start, "offset may not be set multiple times");
  }
  time->offset = std::move(offset);
  expr->pos.end = end_;
  return {};
}

StatusOr<double> Parser::ParseAtNumber(const Expr& expr) {
  double sign = 1;
  if (At(Token::kAdd) || At(Token::kSub)) sign = Take().token == Token::kSub ? -1 : 1;
  if (!At(Token::kNumber) && !At(Token::kDuration)) return Unexpected();
  const Item item = Take();
  double seconds = 0;
  if (item.token == Token::kDuration) {
    seconds = static_cast<double>(TRY(DurationValue(item))) / 1000;
  } else {
    seconds = TRY(NumberValue(item));
  }
  seconds *= sign;
  constexpr double kBound = 9223372036854775.0;  // milliseconds in 64 bits, as seconds
  if (std::isnan(seconds) || seconds >= kBound || seconds <= -kBound) {
    const std::string text =
        std::isfinite(seconds) ? fmt::format("{:f}", seconds) : FormatFloatF(seconds);
    return ErrorAt(expr.pos.start, fmt::format("timestamp out of bounds for @ modifier: {}", text));
  }
  return seconds;
}

Status Parser::ParseAt(Expr* expr) {
  Take();
  const Within at_modifier(this, {"@", "timestamp"});
  TimeModifier parsed;
  if (At(Token::kStart) || At(Token::kEnd)) {
    parsed.at = Take().token == Token::kStart ? TimeModifier::At::kStart : TimeModifier::At::kEnd;
    TRY(Expect(Token::kLeftParen));
    TRY(Expect(Token::kRightParen));
  } else {
    parsed.at = TimeModifier::At::kTimestamp;
    parsed.timestamp = std::llround(TRY(ParseAtNumber(*expr)) * 1000);
  }
  TimeModifier* time = ModifierOf(expr);
  if (time == nullptr) {
    return ErrorAt(expr->pos.start,
                   "@ modifier must be preceded by an instant vector selector or range vector "
                   "selector or a subquery");
  }
  if (time->at != TimeModifier::At::kNone) {
    return ErrorAt(expr->pos.start, "@ <timestamp> may not be set multiple times");
  }
  time->at = parsed.at;
  time->timestamp = parsed.timestamp;
  expr->pos.end = end_;
  return {};
}

// anchored or smoothed.
Status Parser::ParseExtension(Expr* expr) {
  const Token word = Take().token;
  const std::string_view text = TokenText(word);
  const uint32_t start = expr->pos.start;
  if (!options_.extended_range_selectors) {
    return ErrorAt(start, fmt::format("{} modifier is experimental and not enabled", text));
  }
  if (std::holds_alternative<Subquery>(expr->node)) {
    return ErrorAt(start, fmt::format("{} modifier is not supported for subqueries", text));
  }
  auto* vector = std::get_if<VectorSelector>(&expr->node);
  if (auto* matrix = std::get_if<MatrixSelector>(&expr->node)) vector = &matrix->selector;
  if (vector == nullptr) return ErrorAt(start, fmt::format("{} modifier not implemented", text));
  const Extension wanted = word == Token::kAnchored ? Extension::kAnchored : Extension::kSmoothed;
  if (vector->extension != Extension::kNone && vector->extension != wanted) {
    return ErrorAt(start, "anchored and smoothed modifiers cannot be used together");
  }
  vector->extension = wanted;
  return {};
}

StatusOr<std::vector<Matcher>> ParseSelector(std::string_view text) {
  Parser parser(text, {});
  VectorSelector selector = TRY(parser.ParseSelectorAlone());
  Expr expr{.node = std::move(selector)};
  TRY(CheckTypes(expr, text));
  return std::get<VectorSelector>(std::move(expr.node)).matchers;
}

StatusOr<Labels> ParseLabels(std::string_view text) {
  Parser parser(text, {});
  const VectorSelector selector = TRY(parser.ParseSelectorAlone());
  LabelsBuilder labels;
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.type() != MatchType::kEqual) {
      return InvalidArgument(fmt::format("series {} may only use = between name and value", text));
    }
    if (!labels.Get(matcher.name()).empty()) {
      return InvalidArgument(fmt::format("label name \"{}\" is not unique", matcher.name()));
    }
    labels.Set(matcher.name(), matcher.value());
  }
  return labels.Build();
}

}  // namespace outrider::promql
