// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/token.h"

#include <fmt/format.h>

#include "storage/base/text.h"

namespace outrider::promql {
namespace {

struct Word {
  Token token;
  std::string_view text;
};

constexpr Word kWords[] = {
    {Token::kAnd, "and"},
    {Token::kOr, "or"},
    {Token::kUnless, "unless"},
    {Token::kAtan2, "atan2"},
    {Token::kSum, "sum"},
    {Token::kAvg, "avg"},
    {Token::kCount, "count"},
    {Token::kMin, "min"},
    {Token::kMax, "max"},
    {Token::kGroup, "group"},
    {Token::kStddev, "stddev"},
    {Token::kStdvar, "stdvar"},
    {Token::kTopk, "topk"},
    {Token::kBottomk, "bottomk"},
    {Token::kQuantile, "quantile"},
    {Token::kCountValues, "count_values"},
    {Token::kLimitk, "limitk"},
    {Token::kLimitRatio, "limit_ratio"},
    {Token::kOffset, "offset"},
    {Token::kAnchored, "anchored"},
    {Token::kSmoothed, "smoothed"},
    {Token::kBy, "by"},
    {Token::kWithout, "without"},
    {Token::kOn, "on"},
    {Token::kIgnoring, "ignoring"},
    {Token::kGroupLeft, "group_left"},
    {Token::kGroupRight, "group_right"},
    {Token::kFill, "fill"},
    {Token::kFillLeft, "fill_left"},
    {Token::kFillRight, "fill_right"},
    {Token::kBool, "bool"},
    {Token::kStart, "start"},
    {Token::kEnd, "end"},
    {Token::kStep, "step"},
    {Token::kRange, "range"},
    {Token::kMaxOf, "max_of"},
    {Token::kMinOf, "min_of"},
    // Special numbers are words to the lexer.
    {Token::kNumber, "inf"},
    {Token::kNumber, "nan"},
};

constexpr Word kSymbols[] = {
    {Token::kAdd, "+"},         {Token::kSub, "-"},        {Token::kMul, "*"},
    {Token::kDiv, "/"},         {Token::kMod, "%"},        {Token::kPow, "^"},
    {Token::kEqual, "=="},      {Token::kNotEqual, "!="},  {Token::kLess, "<"},
    {Token::kLessEqual, "<="},  {Token::kGreater, ">"},    {Token::kGreaterEqual, ">="},
    {Token::kTrimUpper, "</"},  {Token::kTrimLower, ">/"}, {Token::kAt, "@"},
    {Token::kEqualRegex, "=~"}, {Token::kAssign, "="},     {Token::kNotEqualRegex, "!~"},
};

}  // namespace

std::optional<Token> FindKeyword(std::string_view word) {
  const std::string lower = ToLower(word);
  for (const Word& entry : kWords) {
    if (entry.text == lower) return entry.token;
  }
  return std::nullopt;
}

std::optional<Token> FindDurationKeyword(std::string_view word) {
  const std::optional<Token> token = FindKeyword(word);
  const bool known = token == Token::kStep || token == Token::kRange || token == Token::kMaxOf ||
                     token == Token::kMinOf;
  return known ? token : std::nullopt;
}

std::string_view TokenText(Token token) {
  for (const Word& entry : kWords) {
    if (entry.token == token) return entry.text;
  }
  for (const Word& entry : kSymbols) {
    if (entry.token == token) return entry.text;
  }
  return "";
}

std::string Describe(const Item& item) {
  switch (item.token) {
    case Token::kEof:
      return "end of input";
    case Token::kError:
      return item.error;
    case Token::kIdentifier:
      return fmt::format("identifier {}", Quote(item.text));
    case Token::kMetricIdentifier:
      return fmt::format("metric identifier {}", Quote(item.text));
    default:
      break;
  }
  if (IsKeyword(item.token)) return fmt::format("<{}>", item.text);
  if (IsOperator(item.token)) return fmt::format("<op:{}>", item.text);
  if (IsAggregator(item.token)) return fmt::format("<aggr:{}>", item.text);
  std::string kind;
  if (item.token == Token::kString) kind = "string ";
  if (item.token == Token::kNumber) kind = "number ";
  if (item.token == Token::kDuration) kind = "duration ";
  if (item.text.size() > 10) return fmt::format("{}{}...", kind, Quote(RunePrefix(item.text, 10)));
  return kind + Quote(item.text);
}

}  // namespace outrider::promql
