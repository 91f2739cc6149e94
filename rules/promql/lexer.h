// SPDX-License-Identifier: Apache-2.0
// Cuts a query into tokens, one at a time. What a character means depends on the area it stands in:
// the expression itself, the braces of a selector, or the brackets of a range. Source:
// specs/prometheus.md §2.2; the texts and positions of errors are those Prometheus shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/promql/token.h"

namespace outrider::promql {

// Where in a query the lexer stands.
enum class LexArea : uint8_t {
  kExpression,
  kBraces,      // { …
  kRangeStart,  // [ … until a number has been read
  kRange,       // [5m … ]
};
struct LexPiece;  // lexer.cc

// `input` must outlive the lexer and its items. Copyable, so that a copy can look ahead. Takes time
// linear in the input and does not recurse. Not thread-safe.
class Lexer {
 public:
  explicit Lexer(std::string_view input) : input_(input) {}
  // An error is an item of kind kError; its position is what Prometheus shows, mostly where the
  // offending token began. After kEof or kError the same item comes again.
  Item Next();

 private:
  void SkipBlanks();
  LexPiece Cut(std::string_view rest) const;
  LexPiece CutWord(std::string_view rest) const;
  LexPiece CutMark(std::string_view rest) const;
  LexPiece CutColon() const;
  LexPiece CutEnd() const;
  LexPiece Stray(std::string_view rest) const;
  void Follow(Token token);

  std::string_view input_;
  size_t pos_ = 0;
  size_t open_parens_ = 0;
  LexArea area_ = LexArea::kExpression;
  bool in_brackets_ = false;
  bool got_colon_ = false;     // in these brackets
  bool got_duration_ = false;  // in any brackets so far, as in Prometheus
  bool finished_ = false;
  Item last_;  // once finished
};

}  // namespace outrider::promql
