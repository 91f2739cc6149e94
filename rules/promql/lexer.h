// SPDX-License-Identifier: Apache-2.0
// Cuts a query into tokens, on demand. The state is small: are we inside { }, inside [ ], how deep
// in ( ). Errors are tokens of kind kError whose position is where the offending token began.
#pragma once

#include <string>
#include <string_view>

#include "rules/promql/token.h"

namespace outrider::promql {

// `input` must outlive the lexer and its items. Not thread-safe.
class Lexer {
 public:
  explicit Lexer(std::string_view input) : input_(input) {}
  // After kEof or kError the same item comes again.
  Item Next();

 private:
  static constexpr int kEnd = -1;

  Item LexStatement();
  Item LexWordCharacter(char c);
  Item LexOperator(char c);
  Item LexInsideBraces();
  Item LexInDuration();
  Item LexBracketed(char c);
  Item LexString(char quote);
  Item LexRawString();
  Item LexNumberOrDuration();
  Item LexWord();
  bool ScanNumber();
  bool AcceptRestOfDuration();
  bool ScanEscape(char quote, std::string* error);
  void SkipBlanksAndComments();

  int Peek() const {
    return pos_ < input_.size() ? static_cast<unsigned char>(input_[pos_]) : kEnd;
  }
  int Take();
  bool Is(std::string_view set) const;
  bool Accept(std::string_view set);
  Item Emit(Token token);
  Item Error(std::string message);
  std::string QuotedRuneAt(size_t pos) const;

  std::string_view input_;
  size_t pos_ = 0;
  size_t start_ = 0;
  int paren_depth_ = 0;
  bool brace_open_ = false;
  bool bracket_open_ = false;
  bool in_duration_ = false;  // between [ and the first number
  bool got_colon_ = false;
  bool got_duration_ = false;
  bool done_ = false;
  Item last_;
};

}  // namespace outrider::promql
