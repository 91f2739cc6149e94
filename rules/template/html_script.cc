// SPDX-License-Identifier: Apache-2.0
#include "rules/template/html_script.h"

#include <algorithm>
#include <array>

#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using State = HtmlState;

constexpr std::string_view kCssBlanks = "\t\n\f\r ";

bool IsNamePart(char c) {
  return c == '$' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

// Keywords that an expression follows.
bool PrecedesExpression(std::string_view word) {
  static constexpr std::array<std::string_view, 14> kWords = {
      "break", "case",       "continue", "delete", "do",  "else",   "finally",
      "in",    "instanceof", "return",   "throw",  "try", "typeof", "void"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

// Whether a / behind the text divides.
bool SlashDivides(std::string_view text, bool before) {
  const size_t last = text.find_last_not_of("\t\n\f\r ");
  if (last == std::string_view::npos) return before;
  text = text.substr(0, last + 1);
  const char c = text.back();
  if (c == '+' || c == '-') {  // a++ / b, but a + /b/
    const size_t other = text.find_last_not_of(c);
    const size_t run = text.size() - (other == std::string_view::npos ? 0 : other + 1);
    return run % 2 == 0;
  }
  if (c == '.') {
    return text.size() > 1 && text[text.size() - 2] >= '0' && text[text.size() - 2] <= '9';
  }
  if (std::string_view(",<>=*%&|^?!~([:;{}").find(c) != std::string_view::npos) return false;
  size_t start = text.size();
  while (start > 0 && IsNamePart(text[start - 1])) --start;
  return !PrecedesExpression(text.substr(start));
}

HtmlStep ScriptBrace(HtmlPlace place, bool opens, size_t read) {
  place.slash_divides = false;
  if (place.brace_depth.empty()) return {place, read};
  place.brace_depth.back() += opens ? 1 : -1;
  if (place.brace_depth.back() < 0) {
    place.brace_depth.pop_back();
    place.state = State::kJsTemplate;
  }
  return {place, read};
}

HtmlStep ScriptSlash(HtmlPlace place, std::string_view rest, size_t at) {
  if (rest.starts_with("//")) {
    place.state = State::kJsLineComment;
    return {place, at + 2};
  }
  if (rest.starts_with("/*")) {
    place.state = State::kJsBlockComment;
    return {place, at + 2};
  }
  if (place.slash_divides) {
    place.slash_divides = false;
  } else {
    place.state = State::kJsRegexp;
  }
  return {place, at + 1};
}

// The length of what makes the rest of a line a comment, beside //. Browsers know the first two for
// the sake of old pages, the third at the very beginning only; Go takes all of them anywhere.
size_t LineCommentMark(std::string_view text) {
  for (const std::string_view mark : {"<!--", "-->", "#!"}) {
    if (text.starts_with(mark)) return mark.size();
  }
  return 0;
}

// Where a literal, a comment or a brace begins.
size_t EndOfCode(std::string_view text) {
  constexpr std::string_view kMarks = "\"'`/{}<-#";
  size_t at = text.find_first_of(kMarks);
  while (at != std::string_view::npos && kMarks.find(text[at]) >= kMarks.find('<') &&
         LineCommentMark(text.substr(at)) == 0) {
    at = text.find_first_of(kMarks, at + 1);
  }
  return at;
}

HtmlStep Script(HtmlPlace place, std::string_view text) {
  const size_t at = EndOfCode(text);
  place.slash_divides = SlashDivides(text.substr(0, at), place.slash_divides);
  if (at == std::string_view::npos) return {place, text.size()};
  switch (text[at]) {
    case '"':
      place.state = State::kJsDoubleQuoted;
      break;
    case '\'':
      place.state = State::kJsSingleQuoted;
      break;
    case '`':
      place.state = State::kJsTemplate;
      break;
    case '/':
      return ScriptSlash(place, text.substr(at), at);
    case '<':
    case '-':
    case '#':
      place.state = State::kJsLineComment;
      return {place, at + LineCommentMark(text.substr(at))};
    default:
      return ScriptBrace(place, text[at] == '{', at + 1);
  }
  place.slash_divides = false;
  return {place, at + 1};
}

// A string or regular expression up to its end.
HtmlStep ScriptLiteral(HtmlPlace place, std::string_view text) {
  const char end = place.state == State::kJsDoubleQuoted   ? '"'
                   : place.state == State::kJsSingleQuoted ? '\''
                                                           : '/';
  bool in_set = false;
  for (size_t i = 0; i < text.size(); ++i) {
    // In an expression, HtmlContext writes </script as \x3C/script.
    const bool end_tag =
        end == '/' && text[i] == '/' && i > 0 && ToLower(text.substr(i - 1, 8)) == "</script";
    if (text[i] == '\\' || end_tag) {
      ++i;
    } else if (end == '/' && (text[i] == '[' || text[i] == ']')) {
      in_set = text[i] == '[';
    } else if (text[i] == end && !in_set) {
      place.state = State::kJs;
      place.slash_divides = true;
      return {place, i + 1};
    }
  }
  return {place, text.size()};
}

HtmlStep ScriptTemplate(HtmlPlace place, std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text.substr(i).starts_with("${")) {
      place.state = State::kJs;
      place.too_deep = place.too_deep || place.brace_depth.size() >= kMaxScriptNesting;
      if (!place.too_deep) place.brace_depth.push_back(0);
      return {place, i + 2};
    } else if (text[i] == '`') {
      place.state = State::kJs;
      place.slash_divides = true;
      return {place, i + 1};
    }
  }
  return {place, text.size()};
}

HtmlStep BlockComment(HtmlPlace place, std::string_view text, State after) {
  const size_t end = text.find("*/");
  if (end == std::string_view::npos) return {place, text.size()};
  place.state = after;
  return {place, end + 2};
}

HtmlStep LineComment(HtmlPlace place, std::string_view text, State after) {
  const size_t end = after == State::kJs ? FindScriptLineEnd(text) : text.find_first_of("\n\f\r");
  if (end == std::string_view::npos) return {place, text.size()};
  place.state = after;
  return {place, end};  // the newline stays
}

bool EndsWithUrl(std::string_view text) {
  const size_t last = text.find_last_not_of(kCssBlanks);
  if (last == std::string_view::npos || last < 2) return false;
  if (ToLower(text.substr(last - 2, 3)) != "url") return false;
  const char before = last >= 3 ? text[last - 3] : ' ';
  return !IsNamePart(before) && before != '-' && static_cast<unsigned char>(before) < 0x80;
}

HtmlStep StyleUrl(HtmlPlace place, std::string_view text, size_t at) {
  const size_t value = std::min(text.find_first_not_of(kCssBlanks, at), text.size());
  const char quote = value < text.size() ? text[value] : '\0';
  place.state = quote == '"'    ? State::kCssDoubleQuotedUrl
                : quote == '\'' ? State::kCssSingleQuotedUrl
                                : State::kCssUrl;
  return {place, value + (place.state == State::kCssUrl ? 0 : 1)};
}

HtmlStep Style(HtmlPlace place, std::string_view text) {
  for (size_t at = text.find_first_of("(\"'/"); at != std::string_view::npos;
       at = text.find_first_of("(\"'/", at + 1)) {
    switch (text[at]) {
      case '(':
        if (EndsWithUrl(text.substr(0, at))) return StyleUrl(place, text, at + 1);
        break;
      case '"':
        place.state = State::kCssDoubleQuoted;
        return {place, at + 1};
      case '\'':
        place.state = State::kCssSingleQuoted;
        return {place, at + 1};
      default:
        if (!text.substr(at).starts_with("//") && !text.substr(at).starts_with("/*")) break;
        place.state = text[at + 1] == '/' ? State::kCssLineComment : State::kCssBlockComment;
        return {place, at + 2};
    }
  }
  return {place, text.size()};
}

// What a string or url( ) of a style says about URL parts.
void ReadStyleUrl(HtmlPlace* place, std::string_view text) {
  if (text.find_first_of("#?") != std::string_view::npos) {
    place->url_part = HtmlUrlPart::kQueryOrFragment;
  } else if (place->url_part == HtmlUrlPart::kNone &&
             text.find_first_not_of(kCssBlanks) != std::string_view::npos) {
    place->url_part = HtmlUrlPart::kPreQuery;
  }
}

HtmlStep StyleString(HtmlPlace place, std::string_view text) {
  std::string_view ends = "'";
  if (place.state == State::kCssDoubleQuoted || place.state == State::kCssDoubleQuotedUrl) {
    ends = "\"";
  }
  if (place.state == State::kCssUrl) ends = "\t\n\f\r )";
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (ends.find(text[i]) != std::string_view::npos) {
      place.state = State::kCss;
      return {place, i + 1};
    }
  }
  ReadStyleUrl(&place, text);
  return {place, text.size()};
}

}  // namespace

size_t FindScriptLineEnd(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rune = text.substr(i, 3);
    if (text[i] == '\n' || text[i] == '\r' || rune == "\u2028" || rune == "\u2029") return i;
  }
  return std::string_view::npos;
}

bool IsScriptLiteral(State state) {
  return state == State::kJsDoubleQuoted || state == State::kJsSingleQuoted ||
         state == State::kJsTemplate || state == State::kJsRegexp;
}

HtmlStep StepInScriptOrStyle(const HtmlPlace& place, std::string_view text) {
  switch (place.state) {
    case State::kJs:
      return Script(place, text);
    case State::kJsDoubleQuoted:
    case State::kJsSingleQuoted:
    case State::kJsRegexp:
      return ScriptLiteral(place, text);
    case State::kJsTemplate:
      return ScriptTemplate(place, text);
    case State::kJsBlockComment:
      return BlockComment(place, text, State::kJs);
    case State::kJsLineComment:
      return LineComment(place, text, State::kJs);
    case State::kCss:
      return Style(place, text);
    case State::kCssBlockComment:
      return BlockComment(place, text, State::kCss);
    case State::kCssLineComment:
      return LineComment(place, text, State::kCss);
    default:
      return StyleString(place, text);
  }
}

}  // namespace outrider::tmpl
