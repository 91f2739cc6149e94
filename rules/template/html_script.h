// SPDX-License-Identifier: Apache-2.0
// Scripts and styles inside of HTML, as far as strings, comments, expressions and URLs in them go.
// Part of html_place.h.
#pragma once

#include <string_view>

#include "rules/template/html_place.h"

namespace outrider::tmpl {

// The step of ReadHtml for the states kJs… and kCss….
HtmlStep StepInScriptOrStyle(const HtmlPlace& place, std::string_view text);
// A string or regular expression of a script: an end tag in it is none.
bool IsScriptLiteral(HtmlState state);

// The first newline of any kind scripts know; npos for none.
size_t FindScriptLineEnd(std::string_view text);

}  // namespace outrider::tmpl
