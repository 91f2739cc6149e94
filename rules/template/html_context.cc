// SPDX-License-Identifier: Apache-2.0
#include "rules/template/html_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/template/format_verb.h"
#include "rules/template/to_json.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

constexpr std::string_view kUnsafe = "ZgotmplZ";
constexpr std::array<std::string_view, 14> kUrlAttributes = {
    "action",     "archive", "background", "cite",     "classid",  "codebase", "data",
    "formaction", "href",    "icon",       "longdesc", "manifest", "poster",   "src"};
constexpr std::array<std::string_view, 4> kRawElements = {"script", "style", "textarea", "title"};

template <typename Names>
bool IsOneOf(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// javascript: and other schemes than http, https, mailto are refused.
bool IsSafeUrl(std::string_view url) {
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || url.find('/') < colon) return true;
  const std::string scheme = ToLower(url.substr(0, colon));
  return scheme == "http" || scheme == "https" || scheme == "mailto";
}

// Percent-encodes what may not stand in a URL. Normalizing keeps delimiters and present escapes.
std::string EncodeUrl(std::string_view url, bool keep_delimiters) {
  std::string out;
  for (size_t i = 0; i < url.size(); ++i) {
    const char c = url[i];
    const bool hex_pair = c == '%' && i + 2 < url.size() && std::isxdigit(url[i + 1]) != 0 &&
                          std::isxdigit(url[i + 2]) != 0;
    const bool delimiter =
        c != '\0' && std::string_view("!#$&*+,/:;=?@[]").find(c) != std::string_view::npos;
    if (IsAlnum(c) || std::string_view("-._~").find(c) != std::string_view::npos ||
        (keep_delimiters && (delimiter || hex_pair))) {
      out += c;
    } else {
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

std::string EscapeHtmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '+':
        out += "&#43;";
        break;
      case '\0':
        out += "\xEF\xBF\xBD";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void HtmlContext::Feed(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) Step(text[i], text.substr(i));
}

void HtmlContext::Step(char c, std::string_view rest) {
  switch (state_) {
    case State::kText:
      if (rest.starts_with("<!--")) {
        state_ = State::kComment;
      } else if (c == '<') {
        state_ = State::kTagOpen;
        tag_.clear();
        closing_ = false;
      }
      return;
    case State::kComment:
      if (rest.starts_with("-->")) state_ = State::kTag;  // the '>' ends it
      return;
    case State::kTagOpen:
      OpenTag(c);
      return;
    case State::kTag:
      StepTag(c);
      return;
    case State::kAttrName:
    case State::kAfterName:
      StepName(c);
      return;
    case State::kValue:
      StepValue(c);
      return;
    case State::kRaw:
      if (rest.starts_with("</") && ToLower(rest.substr(2, tag_.size())) == tag_) {
        state_ = State::kTagOpen;
        tag_.clear();
        closing_ = false;
      }
      return;
  }
}

void HtmlContext::OpenTag(char c) {
  if (c == '/' && tag_.empty()) {
    closing_ = true;
  } else if (IsAlnum(c) || (c == '!' && tag_.empty()) || (c == '-' && !tag_.empty())) {
    tag_ += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  } else if (tag_.empty()) {
    state_ = State::kText;  // a lone '<'
  } else {
    state_ = State::kTag;
    StepTag(c);
  }
}

void HtmlContext::CloseTag() {
  const bool raw = !closing_ && IsOneOf(kRawElements, tag_);
  state_ = raw ? State::kRaw : State::kText;
  if (!raw) tag_.clear();
}

void HtmlContext::StepTag(char c) {
  if (c == '>') {
    CloseTag();
  } else if (!IsBlank(c) && c != '/' && c != '-') {
    attribute_ = std::string(1, c);
    state_ = State::kAttrName;
  }
}

void HtmlContext::StepName(char c) {
  if (c == '>') {
    CloseTag();
  } else if (c == '=') {
    state_ = State::kValue;
    delimiter_ = 0;
    url_ = UrlPart::kStart;
    const std::string name = ToLower(attribute_);
    kind_ = IsOneOf(kUrlAttributes, name) ? Attribute::kUrl
            : name == "style"             ? Attribute::kStyle
            : name.starts_with("on")      ? Attribute::kScript
                                          : Attribute::kPlain;
  } else if (IsBlank(c)) {
    state_ = State::kAfterName;
  } else if (state_ == State::kAfterName) {
    attribute_ = std::string(1, c);
    state_ = State::kAttrName;
  } else {
    attribute_ += c;
  }
}

void HtmlContext::BeginValue(char delimiter) { delimiter_ = delimiter; }

void HtmlContext::StepValue(char c) {
  if (delimiter_ == 0) {
    if (IsBlank(c)) return;
    if (c == '"' || c == '\'') return BeginValue(c);
    BeginValue(' ');
  }
  if (delimiter_ == ' ' && c == '>') return CloseTag();
  if (delimiter_ == ' ' ? IsBlank(c) : c == delimiter_) {
    state_ = State::kTag;
    return;
  }
  if (c == '?' || c == '#') {
    url_ = UrlPart::kQuery;
  } else if (url_ == UrlPart::kStart && !IsBlank(c)) {
    url_ = UrlPart::kPath;
  }
}

std::string HtmlContext::EscapeAttribute(const std::string& text, std::string_view escaped_by) {
  if (kind_ == Attribute::kStyle) return std::string(kUnsafe);
  if (kind_ == Attribute::kScript) return EscapeHtmlText(ToJsonText(Value(text)));
  std::string out = text;
  if (kind_ == Attribute::kUrl) {
    if (url_ == UrlPart::kStart && !IsSafeUrl(out)) out = "#" + std::string(kUnsafe);
    const bool encoded = url_ == UrlPart::kQuery && escaped_by == "urlquery";
    if (!encoded) out = EncodeUrl(out, url_ != UrlPart::kQuery);
    if (url_ == UrlPart::kStart) url_ = UrlPart::kPath;
  }
  out = EscapeHtmlText(out);
  if (delimiter_ != ' ') return out;
  std::string unquoted;  // blanks and = would end or split an unquoted value
  for (const char c : out) {
    const bool unsafe = IsBlank(c) || c == '=' || c == '`' || c == '\v';
    unquoted += unsafe ? fmt::format("&#{};", static_cast<int>(c)) : std::string(1, c);
  }
  return unquoted.empty() ? std::string(kUnsafe) : unquoted;
}

std::string HtmlContext::Escape(const Value& value, std::string_view escaped_by) {
  const auto* safe = std::get_if<SafeHtml>(&value.data());
  std::string text = safe != nullptr ? safe->html
                     : value.IsNil() ? ""  // html/template writes nothing for a missing value
                                     : PrintableText(value);
  switch (state_) {
    case State::kText:
      return safe != nullptr || escaped_by == "html" ? text : EscapeHtmlText(text);
    case State::kComment:
      return "";
    case State::kTagOpen:
    case State::kTag:
    case State::kAttrName:
    case State::kAfterName:
      return std::string(kUnsafe);
    case State::kValue:
      if (delimiter_ == 0) BeginValue(' ');
      return EscapeAttribute(text, escaped_by);
    case State::kRaw:
      if (tag_ == "script") return ToJsonText(value);
      return tag_ == "style" ? std::string(kUnsafe) : EscapeHtmlText(text);
  }
  return text;
}

}  // namespace outrider::tmpl
