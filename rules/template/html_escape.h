// SPDX-License-Identifier: Apache-2.0
// The escapers of html/template: a value made fit for one kind of place. Part of html_context.h.
#pragma once

#include <string>
#include <string_view>

#include "rules/template/value.h"

namespace outrider::tmpl {

// What stands in for a value that cannot be made safe.
inline constexpr std::string_view kUnsafeHtml = "ZgotmplZ";

// What a step hands to the next one; a text marked as safe for HTML or as a URL is less escaped.
struct HtmlText {
  enum class Kind { kPlain, kHtml, kUrl };
  std::string text;
  Kind kind = Kind::kPlain;
};
// The text of a value; nothing for nil.
HtmlText HtmlTextOf(const Value& value);

// The function html of text/template.
std::string BuiltinHtml(std::string_view text);
std::string EscapeHtmlText(const HtmlText& value);
std::string EscapeHtmlRcdata(const HtmlText& value);
std::string EscapeHtmlAttribute(const HtmlText& value);
std::string EscapeHtmlUnquoted(const HtmlText& value);
std::string FilterHtmlName(const HtmlText& value);

// javascript: and other schemes than http, https and mailto are refused.
std::string FilterUrl(const HtmlText& value);
// Percent-encodes what may not stand in a URL; normalizing keeps delimiters and present escapes.
std::string EncodeUrl(std::string_view url, bool normalize);
std::string EscapeSrcset(const HtmlText& value);

std::string ScriptValue(const Value& value);
std::string EscapeScriptString(std::string_view text);
std::string EscapeScriptTemplate(std::string_view text);
std::string EscapeScriptRegexp(std::string_view text);
std::string FilterStyleValue(std::string_view text);
std::string EscapeStyleString(std::string_view text);

}  // namespace outrider::tmpl
