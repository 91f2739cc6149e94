// SPDX-License-Identifier: Apache-2.0
// The UTF-8 grammar, by one token of look-ahead:
//     matchers = [ "{" ] [ matcher { "," matcher } [ "," ] ] [ "}" ]      (both braces or neither)
//     matcher  = word op word         word = "quoted" | run without blanks and {}!=~,\"'`
#include <fmt/format.h>

#include <array>

#include "notifiers/config/matcher_text.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kReserved = "{}!=~,\\\"'`";
// Unicode blanks beyond ASCII, as UTF-8.
constexpr std::array<std::string_view, 8> kWideBlanks = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

enum class Token { kEnd, kOpen, kClose, kComma, kOperator, kWord };

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text), size_(text.size()) {}

  StatusOr<std::vector<MatcherText>> Run() {
    if (!IsValidUtf8(rest_)) return InvalidArgument("input is not valid UTF-8");
    TRY(Advance());
    const bool braces = token_ == Token::kOpen;
    if (braces) TRY(Advance());
    std::vector<MatcherText> matchers;
    while (token_ == Token::kWord) {
      matchers.push_back(TRY(One()));
      if (token_ != Token::kComma) break;
      TRY(Advance());
    }
    if (braces) {
      if (token_ != Token::kClose) return Unexpected("close brace");
      TRY(Advance());
    }
    if (token_ != Token::kEnd) return Unexpected(matchers.empty() ? "label name" : "comma or end");
    return matchers;
  }

 private:
  StatusOr<MatcherText> One() {
    MatcherText matcher;
    matcher.name = word_;
    if (matcher.name.empty()) return InvalidArgument("label name is empty");
    TRY(Advance());
    if (token_ != Token::kOperator)
      return Unexpected("an operator such as '=', '!=', '=~' or '!~'");
    matcher.type = type_;
    TRY(Advance());
    if (token_ != Token::kWord) return Unexpected("label value");
    matcher.value = word_;
    TRY(Advance());
    return matcher;
  }

  Status Advance() {
    while (const size_t blank = BlankLength(rest_)) rest_.remove_prefix(blank);
    start_ = size_ - rest_.size();
    if (rest_.empty()) return Take(Token::kEnd, 0);
    switch (rest_.front()) {
      case '{':
        return Take(Token::kOpen, 1);
      case '}':
        return Take(Token::kClose, 1);
      case ',':
        return Take(Token::kComma, 1);
      case '"':
        return Quoted();
      case '=':
      case '!':
        return Operator();
      default:
        return Unquoted();
    }
  }

  Status Take(Token token, size_t size) {
    token_ = token;
    seen_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return absl::OkStatus();
  }

  Status Operator() {
    const char first = rest_.front();
    const char second = rest_.size() > 1 ? rest_[1] : '\0';
    if (first == '!' && second != '=' && second != '~') {
      return InvalidArgument(fmt::format("{}: expected one of '=~' after '!'", start_));
    }
    if (first == '=') {
      type_ = second == '~' ? MatchType::kRegex : MatchType::kEqual;
      return Take(Token::kOperator, second == '~' ? 2 : 1);
    }
    type_ = second == '~' ? MatchType::kNotRegex : MatchType::kNotEqual;
    return Take(Token::kOperator, 2);
  }

  Status Quoted() {
    bool escaped = false;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"' && !escaped) {
        word_ = TRY(Unquote(rest_.substr(0, i + 1)));
        if (!IsValidUtf8(word_)) return InvalidArgument("quoted text is not valid UTF-8");
        return Take(Token::kWord, i + 1);
      }
      escaped = rest_[i] == '\\' && !escaped;
    }
    return InvalidArgument(fmt::format("{}: {}: missing end \"", start_, rest_));
  }

  Status Unquoted() {
    size_t end = 0;
    while (end < rest_.size() && kReserved.find(rest_[end]) == std::string_view::npos &&
           BlankLength(rest_.substr(end)) == 0) {
      ++end;
    }
    if (end == 0)
      return InvalidArgument(fmt::format("{}: invalid input: {}", start_, rest_.front()));
    word_ = std::string(rest_.substr(0, end));
    return Take(Token::kWord, end);
  }

  Status Unexpected(std::string_view wanted) const {
    if (token_ == Token::kEnd) {
      return InvalidArgument(fmt::format("{}: end of input: expected {}", start_, wanted));
    }
    return InvalidArgument(fmt::format("{}: unexpected {}: expected {}", start_, seen_, wanted));
  }

  std::string_view rest_;
  const size_t size_;
  size_t start_ = 0;  // byte offset of the current token
  Token token_ = Token::kEnd;
  MatchType type_ = MatchType::kEqual;
  std::string word_;
  std::string_view seen_;
};

}  // namespace

size_t BlankLength(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r')) return 1;
  for (const std::string_view wide : kWideBlanks) {
    if (text.starts_with(wide)) return wide.size();
  }
  // U+2000 to U+200A
  const bool en_quad = text.size() >= 3 && text.starts_with("\xe2\x80") &&
                       static_cast<unsigned char>(text[2]) >= 0x80 &&
                       static_cast<unsigned char>(text[2]) <= 0x8a;
  return en_quad ? 3 : 0;
}

StatusOr<std::vector<MatcherText>> ParseUtf8Matchers(std::string_view text) {
  return Parser(text).Run();
}

}  // namespace outrider
