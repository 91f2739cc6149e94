// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/token.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider::promql {
namespace {

struct Spelling {
  std::string_view text;
  Token token;
};

// Sorted. Special numbers are words to the lexer.
constexpr Spelling kWords[] = {
    {"anchored", Token::kAnchored},
    {"and", Token::kAnd},
    {"atan2", Token::kAtan2},
    {"avg", Token::kAvg},
    {"bool", Token::kBool},
    {"bottomk", Token::kBottomk},
    {"by", Token::kBy},
    {"count", Token::kCount},
    {"count_values", Token::kCountValues},
    {"end", Token::kEnd},
    {"fill", Token::kFill},
    {"fill_left", Token::kFillLeft},
    {"fill_right", Token::kFillRight},
    {"group", Token::kGroup},
    {"group_left", Token::kGroupLeft},
    {"group_right", Token::kGroupRight},
    {"ignoring", Token::kIgnoring},
    {"inf", Token::kNumber},
    {"limit_ratio", Token::kLimitRatio},
    {"limitk", Token::kLimitk},
    {"max", Token::kMax},
    {"max_of", Token::kMaxOf},
    {"min", Token::kMin},
    {"min_of", Token::kMinOf},
    {"nan", Token::kNumber},
    {"offset", Token::kOffset},
    {"on", Token::kOn},
    {"or", Token::kOr},
    {"quantile", Token::kQuantile},
    {"range", Token::kRange},
    {"smoothed", Token::kSmoothed},
    {"start", Token::kStart},
    {"stddev", Token::kStddev},
    {"stdvar", Token::kStdvar},
    {"step", Token::kStep},
    {"sum", Token::kSum},
    {"topk", Token::kTopk},
    {"unless", Token::kUnless},
    {"without", Token::kWithout},
};
static_assert(std::ranges::is_sorted(kWords, {}, &Spelling::text));

constexpr Spelling kSigns[] = {
    {"+", Token::kAdd},         {"-", Token::kSub},        {"*", Token::kMul},
    {"/", Token::kDiv},         {"%", Token::kMod},        {"^", Token::kPow},
    {"==", Token::kEqual},      {"!=", Token::kNotEqual},  {"<", Token::kLess},
    {"<=", Token::kLessEqual},  {">", Token::kGreater},    {">=", Token::kGreaterEqual},
    {"</", Token::kTrimUpper},  {">/", Token::kTrimLower}, {"@", Token::kAt},
    {"=~", Token::kEqualRegex}, {"=", Token::kAssign},     {"!~", Token::kNotEqualRegex},
};

// What messages say before the quoted text of a token.
constexpr Spelling kKinds[] = {
    {"identifier ", Token::kIdentifier}, {"metric identifier ", Token::kMetricIdentifier},
    {"string ", Token::kString},         {"number ", Token::kNumber},
    {"duration ", Token::kDuration},
};

template <size_t kSize>
std::string_view TextOf(const Spelling (&spellings)[kSize], Token token) {
  const auto* found = std::ranges::find(spellings, token, &Spelling::token);
  return found == std::end(spellings) ? "" : found->text;
}

}  // namespace

std::optional<Token> FindKeyword(std::string_view word) {
  const std::string lower = ToLower(word);
  const auto* found =
      std::ranges::lower_bound(kWords, std::string_view(lower), {}, &Spelling::text);
  if (found == std::end(kWords) || found->text != lower) return std::nullopt;
  return found->token;
}

std::optional<Token> FindDurationKeyword(std::string_view word) {
  const std::optional<Token> token = FindKeyword(word);
  return token >= Token::kStep ? token : std::nullopt;
}

std::string_view TokenText(Token token) {
  const std::string_view word = TextOf(kWords, token);
  return word.empty() ? TextOf(kSigns, token) : word;
}

std::string Describe(const Item& item) {
  const Token token = item.token;
  if (token == Token::kEof) return "end of input";
  if (token == Token::kError) return item.error;
  if (IsOperator(token)) return fmt::format("<op:{}>", item.text);
  if (IsAggregator(token)) return fmt::format("<aggr:{}>", item.text);
  if (IsKeyword(token) && !IsTimeWord(token)) return fmt::format("<{}>", item.text);
  // Names are shown in full, everything else is cut.
  const bool name = token == Token::kIdentifier || token == Token::kMetricIdentifier;
  constexpr size_t kShown = 10;
  const bool cut = !name && item.text.size() > kShown;
  return fmt::format("{}{}{}", TextOf(kKinds, token),
                     Quote(cut ? RunePrefix(item.text, kShown) : item.text), cut ? "..." : "");
}

}  // namespace outrider::promql
