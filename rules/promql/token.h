// SPDX-License-Identifier: Apache-2.0
// Tokens of PromQL. Source: specs/prometheus.md §2.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outrider::promql {

enum class Token : uint8_t {
  kEof,
  kError,
  kIdentifier,
  kMetricIdentifier,  // holds a colon
  kString,
  kNumber,
  kDuration,
  kComma,
  kColon,
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kAssign,  // =
  // Operators.
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kTrimUpper,
  kTrimLower,
  kEqualRegex,
  kNotEqualRegex,
  kAt,
  kAnd,
  kOr,
  kUnless,
  kAtan2,
  // Aggregators.
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kQuantile,
  kCountValues,
  kLimitk,
  kLimitRatio,
  // Keywords.
  kOffset,
  kAnchored,
  kSmoothed,
  kBy,
  kWithout,
  kOn,
  kIgnoring,
  kGroupLeft,
  kGroupRight,
  kFill,
  kFillLeft,
  kFillRight,
  kBool,
  // Words for times, which stand with ( ): after @, the last four in durations.
  kStart,
  kEnd,
  kStep,
  kRange,
  kMaxOf,
  kMinOf,
};

inline bool IsOperator(Token t) { return t >= Token::kAdd && t <= Token::kAtan2; }
inline bool IsAggregator(Token t) { return t >= Token::kSum && t <= Token::kLimitRatio; }
inline bool IsKeyword(Token t) { return t >= Token::kOffset; }
inline bool IsTimeWord(Token t) { return t >= Token::kStart; }

// The token of a word (case-insensitive), if it is a keyword, an aggregator or a word operator.
std::optional<Token> FindKeyword(std::string_view word);
// Words inside [ ]: step range max_of min_of.
std::optional<Token> FindDurationKeyword(std::string_view word);
// Canonical text of operators, aggregators and keywords.
std::string_view TokenText(Token token);

// One lexed item; `text` views the query, or is the message of an error.
struct Item {
  Token token = Token::kEof;
  uint32_t pos = 0;  // byte offset in the query
  std::string_view text;
  std::string error;  // of kError
  uint32_t end() const { return pos + static_cast<uint32_t>(text.size()); }
};

// As error messages name it: `identifier "foo"`, `<op:*>`, `"="`, `end of input`.
std::string Describe(const Item& item);

}  // namespace outrider::promql
