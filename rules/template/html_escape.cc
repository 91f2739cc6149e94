// SPDX-License-Identifier: Apache-2.0
#include "rules/template/html_escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "rules/template/format_verb.h"
#include "rules/template/html_place.h"
#include "rules/template/time_format.h"
#include "rules/template/to_json.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using Kind = HtmlText::Kind;

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// `keep_ampersands`: entities of the text stay what they are.
std::string ReplaceMarkup(std::string_view text, bool keep_ampersands) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += keep_ampersands ? "&" : "&amp;";
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

// Also what would end or split a value without quotes.
std::string ReplaceUnquoted(std::string_view text, bool keep_ampersands) {
  std::string out;
  for (const char c : text) {
    if (c == '\0') {
      out += "&#xfffd;";
    } else if (IsBlank(c) || c == '\v' || c == '=' || c == '`') {
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += ReplaceMarkup({&c, 1}, keep_ampersands);
    }
  }
  return out;
}

// The text of markup without its tags and comments.
std::string WithoutTags(std::string_view html) {
  std::string out;
  HtmlPlace place;
  for (size_t i = 0; i < html.size();) {
    if (place.delimiter != HtmlDelimiter::kNone) {
      const size_t end = html.find_first_of(ValueEnds(place.delimiter), i);
      if (end == std::string_view::npos) return out;
      i = end + (place.delimiter == HtmlDelimiter::kSpaceOrTagEnd ? 0 : 1);
      const HtmlElement element = place.element;
      place = HtmlPlace();
      place.state = HtmlState::kTag;
      place.element = element;
      continue;
    }
    const bool text = place.state == HtmlState::kText || place.state == HtmlState::kRcdata;
    HtmlStep step = ReadHtml(place, html.substr(i));
    if (step.place.state == HtmlState::kJs || step.place.state == HtmlState::kCss) {
      step.place.state = HtmlState::kRcdata;
    }
    size_t end = i + step.read;
    if (text && step.place.state != place.state) end = html.substr(0, end).rfind('<');
    if (text && end != std::string_view::npos && end > i) out += html.substr(i, end - i);
    if (step.read == 0 && step.place.state == place.state) return out;
    i += step.read;
    place = step.place;
  }
  return out;
}

bool IsSafeUrl(std::string_view url) {
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || url.find('/') < colon) return true;
  const std::string scheme = ToLower(url.substr(0, colon));
  return scheme == "http" || scheme == "https" || scheme == "mailto";
}

std::string SrcsetElement(std::string_view element) {
  size_t start = 0;
  while (start < element.size() && IsBlank(element[start])) ++start;
  size_t end = start;
  while (end < element.size() && !IsBlank(element[end])) ++end;
  const std::string_view url = element.substr(start, end - start);
  const std::string_view metadata = element.substr(end);
  const bool plain = std::all_of(metadata.begin(), metadata.end(),
                                 [](char c) { return IsBlank(c) || IsAlnum(c); });
  if (!plain || !IsSafeUrl(url)) return "#" + std::string(kUnsafeHtml);
  return std::string(element.substr(0, start)) + EncodeUrl(url, true) + std::string(metadata);
}

// The escapes all texts in scripts share; "" for a character that stays.
std::string_view ScriptEscape(char c) {
  switch (c) {
    case '\0':
      return "\\u0000";
    case '\t':
      return "\\t";
    case '\n':
      return "\\n";
    case '\v':
      return "\\u000b";
    case '\f':
      return "\\f";
    case '\r':
      return "\\r";
    case '"':
      return "\\u0022";
    case '&':
      return "\\u0026";
    case '\'':
      return "\\u0027";
    case '+':
      return "\\u002b";
    case '/':
      return "\\/";
    case '<':
      return "\\u003c";
    case '>':
      return "\\u003e";
    case '\\':
      return "\\\\";
    default:
      return "";
  }
}

std::string EscapeScript(std::string_view text, std::string_view backslashed,
                         std::string_view by_code) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("\u2028") || rest.starts_with("\u2029")) {
      out += rest.starts_with("\u2028") ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (c != '\0' && backslashed.find(c) != std::string_view::npos) {
      out += '\\';
      out += c;
    } else if (c != '\0' && by_code.find(c) != std::string_view::npos) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else if (const std::string_view escape = ScriptEscape(c); !escape.empty()) {
      out += escape;
    } else {
      out += c;
    }
  }
  return out;
}

bool IsScriptNamePart(char c) { return IsAlnum(c) || c == '_' || c == '$'; }

}  // namespace

HtmlText HtmlTextOf(const Value& value) {
  if (const auto* safe = std::get_if<SafeHtml>(&value.data())) {
    return {safe->html, safe->url ? Kind::kUrl : Kind::kHtml};
  }
  return {value.IsNil() ? "" : PrintableText(value), Kind::kPlain};
}

std::string BuiltinHtml(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\0' ? "\xEF\xBF\xBD" : EscapeHtml({&c, 1});
  return out;
}

std::string EscapeHtmlText(const HtmlText& value) {
  return value.kind == Kind::kHtml ? value.text : ReplaceMarkup(value.text, false);
}

std::string EscapeHtmlRcdata(const HtmlText& value) {
  return ReplaceMarkup(value.text, value.kind == Kind::kHtml);
}

std::string EscapeHtmlAttribute(const HtmlText& value) {
  if (value.kind == Kind::kHtml) return ReplaceMarkup(WithoutTags(value.text), true);
  return ReplaceMarkup(value.text, false);
}

std::string EscapeHtmlUnquoted(const HtmlText& value) {
  if (value.kind == Kind::kHtml) return ReplaceUnquoted(WithoutTags(value.text), true);
  return value.text.empty() ? std::string(kUnsafeHtml) : ReplaceUnquoted(value.text, false);
}

std::string FilterHtmlName(const HtmlText& value) {
  const std::string name = ToLower(value.text);
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), IsAlnum);
  return plain && !IsSpecialAttribute(name) ? name : std::string(kUnsafeHtml);
}

std::string FilterUrl(const HtmlText& value) {
  if (value.kind == Kind::kUrl || IsSafeUrl(value.text)) return value.text;
  return "#" + std::string(kUnsafeHtml);
}

std::string EncodeUrl(std::string_view url, bool normalize) {
  std::string out;
  for (size_t i = 0; i < url.size(); ++i) {
    const char c = url[i];
    const bool escape = c == '%' && i + 2 < url.size() && std::isxdigit(url[i + 1]) != 0 &&
                        std::isxdigit(url[i + 2]) != 0;
    const bool delimiter =
        c != '\0' && std::string_view("!#$&*+,/:;=?@[]").find(c) != std::string_view::npos;
    const bool always = c == '-' || c == '.' || c == '_' || c == '~';
    if (IsAlnum(c) || always || (normalize && (delimiter || escape))) {
      out += c;
    } else {
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string EscapeSrcset(const HtmlText& value) {
  if (value.kind == Kind::kUrl) {  // its commas would split the list
    std::string out;
    for (const char c : EncodeUrl(value.text, true)) {
      out += c == ',' ? "%2c" : std::string(1, c);
    }
    return out;
  }
  std::vector<std::string> elements;
  for (const std::string_view element : Split(value.text, ',')) {
    elements.push_back(SrcsetElement(element));
  }
  return Join(elements, ",");
}

// JSON, with blanks where a name or number could run into a keyword.
std::string ScriptValue(const Value& value) {
  std::string json;
  if (const double* number = std::get_if<double>(&value.data());
      number != nullptr && !std::isfinite(*number)) {
    return fmt::format(" /* json: unsupported value: {} */null ", FormatFloatG(*number));
  }
  const bool named = std::holds_alternative<Duration>(value.data()) ||
                     std::holds_alternative<NamedInt>(value.data()) ||
                     (value.FindMethod("String") != nullptr);
  json = ToJsonText(named ? Value(PrintableText(value)) : value);
  const bool pad =
      !json.empty() && (IsScriptNamePart(json.front()) || IsScriptNamePart(json.back()));
  return pad ? " " + json + " " : json;
}

std::string EscapeScriptString(std::string_view text) { return EscapeScript(text, "", "`"); }
std::string EscapeScriptTemplate(std::string_view text) { return EscapeScript(text, "", "`${}"); }
std::string EscapeScriptRegexp(std::string_view text) {
  return text.empty() ? "(?:)" : EscapeScript(text, "$()*-.?[]^{|}", "");
}

std::string FilterStyleValue(std::string_view text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool comment = c == '-' && i > 0 && text[i - 1] == '-';
    if (c == '\0' || comment ||
        std::string_view("\"'()/;@[\\]`{}<>").find(c) != std::string_view::npos) {
      return std::string(kUnsafeHtml);
    }
    if (IsAlnum(c) || c == '_' || c == '-') name += c;
  }
  name = ToLower(name);
  const bool code = Contains(name, "expression") || Contains(name, "mozbinding");
  return code ? std::string(kUnsafeHtml) : std::string(text);
}

std::string EscapeStyleString(std::string_view text) {
  constexpr std::string_view kSpecial = "\t\n\f\r\"&'()+/:;<>{}";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      out += "\\\\";
      continue;
    }
    if (c != '\0' && kSpecial.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    out += fmt::format("\\{:x}", static_cast<int>(c));
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';  // it would be taken as a digit
    if (std::isxdigit(static_cast<unsigned char>(next)) != 0 || IsBlank(next)) out += ' ';
  }
  return out;
}

}  // namespace outrider::tmpl
