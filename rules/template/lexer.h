// SPDX-License-Identifier: Apache-2.0
// Stage one: template text to tokens. A lexical error is the last token, so that the parser reports
// it in its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outrider::tmpl {

enum class TokenType {
  kError,  // text is the message
  kEof,
  kText,  // plain text outside actions, trimmed
  kLeftDelim,
  kRightDelim,
  kSpace,
  kBool,
  kChar,          // a lone printable character: ','
  kCharConstant,  // 'x'
  kString,        // "…" with quotes
  kRawString,     // `…` with quotes
  kNumber,
  kIdentifier,
  kField,     // .name
  kVariable,  // $ or $name
  kDot,
  kNil,
  kAssign,   // =
  kDeclare,  // :=
  kPipe,
  kLeftParen,
  kRightParen,
  // keywords
  kBlock,
  kBreak,
  kContinue,
  kDefine,
  kElse,
  kEnd,
  kIf,
  kRange,
  kTemplate,
  kWith,
};

struct Token {
  TokenType type = TokenType::kEof;
  size_t pos = 0;  // byte offset in the text
  int line = 1;
  std::string text;
};

// Never empty; the last token is kEof or kError.
std::vector<Token> Lex(std::string_view text);

// As Go prints a token in an error: EOF, <range>, "x", "a long tex"....
std::string DescribeToken(const Token& token);

}  // namespace outrider::tmpl
