// SPDX-License-Identifier: Apache-2.0
#include "rules/template/lexer.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

constexpr std::string_view kLeft = "{{";
constexpr std::string_view kRight = "}}";
constexpr std::string_view kBlanks = " \t\r\n";

constexpr std::array<std::pair<std::string_view, TokenType>, 14> kKeywords = {{
    {".", TokenType::kDot},
    {"block", TokenType::kBlock},
    {"break", TokenType::kBreak},
    {"continue", TokenType::kContinue},
    {"define", TokenType::kDefine},
    {"else", TokenType::kElse},
    {"end", TokenType::kEnd},
    {"if", TokenType::kIf},
    {"range", TokenType::kRange},
    {"nil", TokenType::kNil},
    {"template", TokenType::kTemplate},
    {"with", TokenType::kWith},
    {"true", TokenType::kBool},
    {"false", TokenType::kBool},
}};

bool IsBlank(char c) { return kBlanks.find(c) != std::string_view::npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Bytes of multi-byte runes count as letters.
bool IsAlnum(char c) {
  return c == '_' || IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> Run() {
    while (Text() && Action()) {
    }
    return std::move(tokens_);
  }

 private:
  // Emits text up to the next action; false at the end.
  bool Text() {
    const size_t open = text_.find(kLeft, pos_);
    size_t end = open == std::string_view::npos ? text_.size() : open;
    const size_t next = end;
    if (open != std::string_view::npos && TrimAfterLeft(open)) {
      while (end > pos_ && IsBlank(text_[end - 1])) --end;
    }
    if (end > pos_) Emit(TokenType::kText, end);
    Skip(next);
    if (open != std::string_view::npos) return true;
    Emit(TokenType::kEof, pos_);
    return false;
  }

  bool TrimAfterLeft(size_t open) const {
    const size_t dash = open + kLeft.size();
    return dash + 1 < text_.size() && text_[dash] == '-' && IsBlank(text_[dash + 1]);
  }

  // At "}}" or " -}}"? Sets *trim for the latter.
  bool AtRightDelim(bool* trim) const {
    *trim = pos_ + 1 < text_.size() && IsBlank(text_[pos_]) && text_[pos_ + 1] == '-' &&
            text_.substr(pos_ + 2).starts_with(kRight);
    return *trim || text_.substr(pos_).starts_with(kRight);
  }

  // Lexes one action; false after an error.
  bool Action() {
    const bool trim = TrimAfterLeft(pos_);
    const size_t after = pos_ + kLeft.size() + (trim ? 2 : 0);
    if (text_.substr(after).starts_with("/*")) {
      Skip(after);
      return Comment();
    }
    Emit(TokenType::kLeftDelim, pos_ + kLeft.size());
    Skip(after);
    paren_depth_ = 0;
    while (true) {
      bool right_trim = false;
      if (AtRightDelim(&right_trim)) {
        if (paren_depth_ != 0) return Error("unclosed left paren");
        if (right_trim) Skip(pos_ + 2);
        Emit(TokenType::kRightDelim, pos_ + kRight.size());
        if (right_trim) SkipBlanks();
        return true;
      }
      if (!Inside()) return false;
    }
  }

  bool Comment() {
    const size_t close = text_.find("*/", pos_ + 2);
    if (close == std::string_view::npos) return Error("unclosed comment");
    const int line = line_;  // errors are told where the comment begins
    Skip(close + 2);
    bool trim = false;
    if (!AtRightDelim(&trim)) {
      line_ = line;
      return Error("comment ends before closing delimiter");
    }
    Skip(pos_ + (trim ? 2 : 0) + kRight.size());
    if (trim) SkipBlanks();
    return true;
  }

  // Lexes one token inside an action.
  bool Inside() {
    if (pos_ >= text_.size()) return Error("unclosed action");
    const char c = text_[pos_];
    if (IsBlank(c)) return Space();
    switch (c) {
      case '=':
        return Emit(TokenType::kAssign, pos_ + 1);
      case ':':
        if (!text_.substr(pos_).starts_with(":=")) return Error("expected :=");
        return Emit(TokenType::kDeclare, pos_ + 2);
      case '|':
        return Emit(TokenType::kPipe, pos_ + 1);
      case '"':
        return Quoted('"', TokenType::kString, "unterminated quoted string");
      case '\'':
        return Quoted('\'', TokenType::kCharConstant, "unterminated character constant");
      case '`':
        return RawQuoted();
      case '$':
        return Name(TokenType::kVariable, TokenType::kVariable);
      case '.':
        if (pos_ + 1 == text_.size() || IsDigit(text_[pos_ + 1])) return Number();
        return Name(TokenType::kField, TokenType::kDot);
      case '(':
        ++paren_depth_;
        return Emit(TokenType::kLeftParen, pos_ + 1);
      case ')':
        if (--paren_depth_ < 0) return Error("unexpected right paren");
        return Emit(TokenType::kRightParen, pos_ + 1);
      default:
        break;
    }
    if (c == '+' || c == '-' || IsDigit(c)) return Number();
    if (IsAlnum(c)) return Identifier();
    if (c > ' ' && c < 0x7F) return Emit(TokenType::kChar, pos_ + 1);
    return Error("unrecognized character in action: " + Rune(pos_));
  }

  bool Space() {
    size_t end = pos_;
    while (end < text_.size() && IsBlank(text_[end])) ++end;
    // The blank before "-}}" belongs to the delimiter.
    if (end > pos_ && text_.substr(end).starts_with("-}}")) --end;
    return end == pos_ || Emit(TokenType::kSpace, end);
  }

  bool Quoted(char quote, TokenType type, const char* message) {
    for (size_t end = pos_ + 1; end < text_.size() && text_[end] != '\n'; ++end) {
      if (text_[end] == quote) return Emit(type, end + 1);
      if (text_[end] != '\\') continue;
      ++end;  // what is escaped
      if (end == text_.size() || text_[end] == '\n') break;
    }
    return Error(message);
  }

  bool RawQuoted() {
    const size_t close = text_.find('`', pos_ + 1);
    if (close == std::string_view::npos) return Error("unterminated raw quoted string");
    return Emit(TokenType::kRawString, close + 1);
  }

  bool Name(TokenType type, TokenType alone) {
    size_t end = pos_ + 1;
    while (end < text_.size() && IsAlnum(text_[end])) ++end;
    if (!Terminated(end)) return Error("bad character " + Rune(end));
    return Emit(end == pos_ + 1 ? alone : type, end);
  }

  bool Identifier() {
    size_t end = pos_;
    while (end < text_.size() && IsAlnum(text_[end])) ++end;
    if (!Terminated(end)) return Error("bad character " + Rune(end));
    const std::string_view word = text_.substr(pos_, end - pos_);
    for (const auto& [keyword, type] : kKeywords) {
      if (word == keyword) return Emit(type, end);
    }
    return Emit(TokenType::kIdentifier, end);
  }

  bool Number() {
    size_t end = pos_;
    bool good = ScanNumber(&end);
    if (good && end < text_.size() && (text_[end] == '+' || text_[end] == '-')) {  // 1+2i
      good = ScanNumber(&end) && text_[end - 1] == 'i';
    }
    if (!good) return Error("bad number syntax: " + Quote(text_.substr(pos_, end - pos_)));
    return Emit(TokenType::kNumber, end);
  }

  // Moves *at behind a number; false when a letter or digit follows, which is included then.
  bool ScanNumber(size_t* at) const {
    const auto accept = [&](std::string_view set) {
      const bool found = *at < text_.size() && set.find(text_[*at]) != std::string_view::npos;
      *at += found ? 1 : 0;
      return found;
    };
    const auto accept_run = [&](std::string_view set) {
      while (accept(set)) {
      }
    };
    accept("+-");
    std::string_view digits = "0123456789_";
    if (accept("0")) {
      if (accept("xX")) {
        digits = "0123456789abcdefABCDEF_";
      } else if (accept("oO")) {
        digits = "01234567_";
      } else if (accept("bB")) {
        digits = "01_";
      }
    }
    accept_run(digits);
    if (accept(".")) accept_run(digits);
    const bool decimal = digits.size() == 11;
    if ((decimal && accept("eE")) || (digits.size() == 23 && accept("pP"))) {
      accept("+-");
      accept_run("0123456789_");
    }
    accept("i");
    if (*at >= text_.size() || !IsAlnum(text_[*at])) return true;
    *at += RunePrefix(text_.substr(*at), 1).size();
    return false;
  }

  bool Terminated(size_t at) const {
    if (at >= text_.size() || IsBlank(text_[at])) return true;
    return std::string_view(".,|:()").find(text_[at]) != std::string_view::npos ||
           text_.substr(at).starts_with(kRight);
  }

  // Go's %#U: U+0040 '@'.
  std::string Rune(size_t at) const {
    const std::string_view rune = RunePrefix(text_.substr(at), 1);
    uint32_t code = static_cast<unsigned char>(rune[0]);
    if (rune.size() > 1) {
      code &= 0xFFU >> (rune.size() + 1);
      for (const char c : rune.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
    }
    return code < 0x20 || code == 0x7F ? fmt::format("U+{:04X}", code)
                                       : fmt::format("U+{:04X} '{}'", code, rune);
  }

  void SkipBlanks() {
    size_t end = pos_;
    while (end < text_.size() && IsBlank(text_[end])) ++end;
    Skip(end);
  }

  void Skip(size_t end) {
    for (; pos_ < end; ++pos_) line_ += text_[pos_] == '\n' ? 1 : 0;
  }

  bool Emit(TokenType type, size_t end) {
    tokens_.push_back({type, pos_, line_, std::string(text_.substr(pos_, end - pos_))});
    Skip(end);
    return true;
  }

  bool Error(std::string message) {
    tokens_.push_back({TokenType::kError, pos_, line_, std::move(message)});
    return false;
  }

  std::string_view text_;
  size_t pos_ = 0;
  int line_ = 1;
  int paren_depth_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Lex(std::string_view text) { return Lexer(text).Run(); }

std::string DescribeToken(const Token& token) {
  if (token.type == TokenType::kEof) return "EOF";
  if (token.type == TokenType::kError) return token.text;
  for (const auto& [keyword, type] : kKeywords) {
    if (token.type == type && type != TokenType::kBool) return fmt::format("<{}>", token.text);
  }
  if (token.text.size() > 10) return Quote(RunePrefix(token.text, 10)) + "...";
  return Quote(token.text);
}

}  // namespace outrider::tmpl
