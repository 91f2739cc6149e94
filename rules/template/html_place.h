// SPDX-License-Identifier: Apache-2.0
// Where in an HTML document a text stands: markup, attributes, URLs, scripts, styles. The states
// are those html/template tells apart. Part of html_context.h.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace outrider::tmpl {

enum class HtmlState {
  kText,
  kTag,
  kAttrName,
  kAfterName,
  kBeforeValue,
  kComment,
  kRcdata,  // of title and textarea
  kAttr,
  kUrl,
  kSrcset,
  kMetaContent,
  kMetaContentUrl,
  kJs,
  kJsDoubleQuoted,
  kJsSingleQuoted,
  kJsTemplate,  // `…`
  kJsRegexp,
  kJsBlockComment,
  kJsLineComment,
  kCss,
  kCssDoubleQuoted,
  kCssSingleQuoted,
  kCssDoubleQuotedUrl,
  kCssSingleQuotedUrl,
  kCssUrl,
  kCssBlockComment,
  kCssLineComment,
};
enum class HtmlDelimiter { kNone, kDoubleQuote, kSingleQuote, kSpaceOrTagEnd };
enum class HtmlUrlPart { kNone, kPreQuery, kQueryOrFragment };
enum class HtmlElement { kNone, kScript, kStyle, kTextarea, kTitle, kMeta };
enum class HtmlAttribute { kPlain, kScript, kScriptType, kStyle, kUrl, kSrcset, kMetaContent };

// A place is copied at each step.
inline constexpr size_t kMaxScriptNesting = 200;

struct HtmlPlace {
  HtmlState state = HtmlState::kText;
  HtmlDelimiter delimiter = HtmlDelimiter::kNone;
  HtmlUrlPart url_part = HtmlUrlPart::kNone;
  bool slash_divides = false;    // in scripts: a / is a division, else it begins an expression
  std::vector<int> brace_depth;  // of the ${ } under way in script templates
  bool too_deep = false;         // more of them than kMaxScriptNesting: not followed any more
  HtmlElement element = HtmlElement::kNone;
  HtmlAttribute attribute = HtmlAttribute::kPlain;
};

struct HtmlStep {
  HtmlPlace place;  // behind what was read
  size_t read = 0;
};

// Reads a part of `text` that stays in one state, at least one byte of it or a change of state.
// `end_tag`: a memory for who reads all of a text, so that it is searched once: where the end tag
// of the element begins in `text`, kNotSearched at first and once that lies behind.
inline constexpr size_t kNotSearched = std::string_view::npos;
HtmlStep ReadHtml(const HtmlPlace& place, std::string_view text, size_t* end_tag = nullptr);
// The step without a look at attribute values, for the removal of tags.
HtmlStep StepInState(const HtmlPlace& place, HtmlState state, std::string_view text);

bool IsHtmlComment(HtmlState state);
// The characters that end a value.
std::string_view ValueEnds(HtmlDelimiter delimiter);
// The state in which the value of an attribute begins.
HtmlState ValueState(HtmlAttribute attribute);
// A name that values may not make: its value is a URL, script, style or has a meaning of its own.
bool IsSpecialAttribute(std::string_view lower_name);

}  // namespace outrider::tmpl
