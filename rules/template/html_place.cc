// SPDX-License-Identifier: Apache-2.0
// One function a state, each finds where the state ends.
#include "rules/template/html_place.h"

#include <algorithm>
#include <array>
#include <string>

#include "rules/template/html_entity.h"
#include "rules/template/html_script.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using State = HtmlState;
using Delimiter = HtmlDelimiter;

constexpr std::string_view kBlanks = " \t\n\f\r";
constexpr std::array<std::string_view, 18> kUrlAttributes = {
    "action", "archive",    "background", "cite",   "classid",  "codebase",
    "data",   "formaction", "href",       "icon",   "longdesc", "manifest",
    "poster", "profile",    "src",        "usemap", "xmlns",    "xlink"};
constexpr std::array<std::string_view, 21> kUnsafeAttributes = {
    "accept-charset", "async",      "challenge", "charset",     "crossorigin",
    "defer",          "enctype",    "form",      "formenctype", "formmethod",
    "formnovalidate", "http-equiv", "keytype",   "language",    "method",
    "novalidate",     "rel",        "sandbox",   "type",        "value",
    "srcdoc"};

template <typename Names>
bool IsOneOf(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

size_t SkipBlanks(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAlnum(char c) { return IsLetter(c) || (c >= '0' && c <= '9'); }

// The end of a tag's name: letters and digits, single - and : between them.
size_t TagNameEnd(std::string_view text, size_t at) {
  if (at == text.size() || !IsLetter(text[at])) return at;
  size_t end = at + 1;
  while (end < text.size()) {
    if (IsAlnum(text[end])) {
      ++end;
      continue;
    }
    const bool joint =
        (text[end] == ':' || text[end] == '-') && end + 1 < text.size() && IsAlnum(text[end + 1]);
    if (!joint) break;
    end += 2;
  }
  return end;
}

HtmlElement ElementNamed(std::string_view name) {
  const std::string lower = ToLower(name);
  if (lower == "script") return HtmlElement::kScript;
  if (lower == "style") return HtmlElement::kStyle;
  if (lower == "textarea") return HtmlElement::kTextarea;
  if (lower == "title") return HtmlElement::kTitle;
  return lower == "meta" ? HtmlElement::kMeta : HtmlElement::kNone;
}

std::string_view NameOf(HtmlElement element) {
  switch (element) {
    case HtmlElement::kScript:
      return "script";
    case HtmlElement::kStyle:
      return "style";
    case HtmlElement::kTextarea:
      return "textarea";
    case HtmlElement::kTitle:
      return "title";
    case HtmlElement::kNone:
    case HtmlElement::kMeta:
      break;
  }
  return "";
}

State ContentOf(HtmlElement element) {
  switch (element) {
    case HtmlElement::kScript:
      return State::kJs;
    case HtmlElement::kStyle:
      return State::kCss;
    case HtmlElement::kTextarea:
    case HtmlElement::kTitle:
      return State::kRcdata;
    case HtmlElement::kNone:
    case HtmlElement::kMeta:
      break;
  }
  return State::kText;
}

HtmlPlace InState(State state, HtmlElement element = HtmlElement::kNone) {
  HtmlPlace place;
  place.state = state;
  place.element = element;
  return place;
}

HtmlStep Text(const HtmlPlace& place, std::string_view text) {
  size_t from = 0;
  while (true) {
    size_t at = text.find('<', from);
    if (at == std::string_view::npos || at + 1 == text.size()) return {place, text.size()};
    if (text.substr(at).starts_with("<!--")) return {InState(State::kComment), at + 4};
    ++at;
    const bool closing = text[at] == '/';
    if (closing && at + 1 == text.size()) return {place, text.size()};
    at += closing ? 1 : 0;
    const size_t end = TagNameEnd(text, at);
    if (end != at) {
      const HtmlElement element =
          closing ? HtmlElement::kNone : ElementNamed(text.substr(at, end - at));
      return {InState(State::kTag, element), end};
    }
    from = end;
  }
}

HtmlAttribute AttributeNamed(std::string name, HtmlElement element) {
  if (element == HtmlElement::kScript && name == "type") return HtmlAttribute::kScriptType;
  if (element == HtmlElement::kMeta && name == "content") return HtmlAttribute::kMetaContent;
  if (name.starts_with("data-")) {
    name = name.substr(5);
  } else if (const size_t colon = name.find(':'); colon != std::string::npos) {
    if (name.starts_with("xmlns:")) return HtmlAttribute::kUrl;
    name = name.substr(colon + 1);
  }
  if (name == "style") return HtmlAttribute::kStyle;
  if (name == "srcset") return HtmlAttribute::kSrcset;
  if (IsOneOf(kUrlAttributes, name)) return HtmlAttribute::kUrl;
  if (name == "srclang" || IsOneOf(kUnsafeAttributes, name)) return HtmlAttribute::kPlain;
  if (name.starts_with("on")) return HtmlAttribute::kScript;
  const bool url = Contains(name, "src") || Contains(name, "uri") || Contains(name, "url");
  return url ? HtmlAttribute::kUrl : HtmlAttribute::kPlain;
}

HtmlStep Tag(const HtmlPlace& place, std::string_view text) {
  const size_t at = SkipBlanks(text, 0);
  if (at == text.size()) return {place, text.size()};
  if (text[at] == '>') return {InState(ContentOf(place.element), place.element), at + 1};
  const size_t end = std::min(text.find_first_of(" \t\n\f\r=>", at), text.size());
  if (end == at) return {place, at + 1};  // a lone =
  HtmlPlace next =
      InState(end == text.size() ? State::kAttrName : State::kAfterName, place.element);
  next.attribute = AttributeNamed(ToLower(text.substr(at, end - at)), place.element);
  return {next, end};
}

HtmlStep AttributeName(HtmlPlace place, std::string_view text) {
  const size_t end = std::min(text.find_first_of(" \t\n\f\r=>"), text.size());
  if (end != text.size()) place.state = State::kAfterName;
  return {place, end};
}

HtmlStep AfterName(HtmlPlace place, std::string_view text) {
  const size_t at = SkipBlanks(text, 0);
  if (at == text.size()) return {place, at};
  place.state = text[at] == '=' ? State::kBeforeValue : State::kTag;
  return {place, at + (text[at] == '=' ? 1 : 0)};
}

HtmlStep BeforeValue(HtmlPlace place, std::string_view text) {
  const size_t at = SkipBlanks(text, 0);
  if (at == text.size()) return {place, at};
  place.state = ValueState(place.attribute);
  place.delimiter = text[at] == '"'    ? Delimiter::kDoubleQuote
                    : text[at] == '\'' ? Delimiter::kSingleQuote
                                       : Delimiter::kSpaceOrTagEnd;
  return {place, at + (place.delimiter == Delimiter::kSpaceOrTagEnd ? 0 : 1)};
}

HtmlStep Comment(const HtmlPlace& place, std::string_view text) {
  const size_t end = text.find("-->");
  if (end == std::string_view::npos) return {place, text.size()};
  return {HtmlPlace(), end + 3};
}

HtmlStep Url(HtmlPlace place, std::string_view text) {
  if (text.find_first_of("#?") != std::string_view::npos) {
    place.url_part = HtmlUrlPart::kQueryOrFragment;
  } else if (place.url_part == HtmlUrlPart::kNone && SkipBlanks(text, 0) != text.size()) {
    place.url_part = HtmlUrlPart::kPreQuery;
  }
  return {place, text.size()};
}

// A meta element's content may hold a URL behind url=.
HtmlStep MetaContent(HtmlPlace place, std::string_view text) {
  size_t at = text.find('=');
  while (at != std::string_view::npos && (at < 3 || ToLower(text.substr(at - 3, 3)) != "url")) {
    at = text.find('=', at + 1);
  }
  if (at == std::string_view::npos) return {place, text.size()};
  place.state = State::kMetaContentUrl;
  return {place, at + 1};
}
HtmlStep MetaContentUrl(HtmlPlace place, std::string_view text) {
  const size_t at = text.find(';');
  if (at == std::string_view::npos) return {place, text.size()};
  place.state = State::kMetaContent;
  return {place, at + 1};
}

// Where the first end tag of the name begins; the text's size when there is none.
size_t FindEndTag(std::string_view name, std::string_view text) {
  for (size_t at = text.find("</"); at != std::string_view::npos; at = text.find("</", at + 2)) {
    const size_t end = at + 2 + name.size();
    if (end >= text.size()) break;
    const bool ends = std::string_view(" \t\n\f/>").find(text[end]) != std::string_view::npos;
    if (ends && ToLower(text.substr(at + 2, name.size())) == name) return at;
  }
  return text.size();
}

// Where the end tag of the element begins, as FindEndTag; `known` as in ReadHtml.
size_t EndTag(const HtmlPlace& place, std::string_view text, size_t* known) {
  const std::string_view name = NameOf(place.element);
  const bool script_literal = place.element == HtmlElement::kScript &&
                              (IsHtmlComment(place.state) || IsScriptLiteral(place.state));
  if (name.empty()) *known = kNotSearched;
  if (name.empty() || script_literal) return text.size();
  if (*known == kNotSearched) *known = FindEndTag(name, text);
  return *known;
}

bool IsScriptType(std::string_view value) {
  static constexpr std::array<std::string_view, 22> kTypes = {"application/ecmascript",
                                                              "application/javascript",
                                                              "application/json",
                                                              "application/ld+json",
                                                              "application/x-ecmascript",
                                                              "application/x-javascript",
                                                              "module",
                                                              "text/ecmascript",
                                                              "text/javascript",
                                                              "text/javascript1.0",
                                                              "text/javascript1.1",
                                                              "text/javascript1.2",
                                                              "text/javascript1.3",
                                                              "text/javascript1.4",
                                                              "text/javascript1.5",
                                                              "text/jscript",
                                                              "text/livescript",
                                                              "text/x-ecmascript",
                                                              "text/x-javascript",
                                                              "importmap",
                                                              "speculationrules",
                                                              ""};
  const std::string type = ToLower(Trim(value.substr(0, value.find(';'))));
  return !type.empty() && IsOneOf(kTypes, type);
}

}  // namespace

bool IsHtmlComment(State state) {
  return state == State::kComment || state == State::kJsBlockComment ||
         state == State::kJsLineComment || state == State::kCssBlockComment ||
         state == State::kCssLineComment;
}

std::string_view ValueEnds(Delimiter delimiter) {
  switch (delimiter) {
    case Delimiter::kDoubleQuote:
      return "\"";
    case Delimiter::kSingleQuote:
      return "'";
    case Delimiter::kSpaceOrTagEnd:
      return " \t\n\f\r>";
    case Delimiter::kNone:
      break;
  }
  return "";
}

State ValueState(HtmlAttribute attribute) {
  switch (attribute) {
    case HtmlAttribute::kScript:
      return State::kJs;
    case HtmlAttribute::kStyle:
      return State::kCss;
    case HtmlAttribute::kUrl:
      return State::kUrl;
    case HtmlAttribute::kSrcset:
      return State::kSrcset;
    case HtmlAttribute::kMetaContent:
      return State::kMetaContent;
    case HtmlAttribute::kPlain:
    case HtmlAttribute::kScriptType:
      break;
  }
  return State::kAttr;
}

bool IsSpecialAttribute(std::string_view lower_name) {
  return IsOneOf(kUnsafeAttributes, lower_name) ||
         AttributeNamed(std::string(lower_name), HtmlElement::kNone) != HtmlAttribute::kPlain;
}

HtmlStep StepInState(const HtmlPlace& place, State state, std::string_view text) {
  switch (state) {
    case State::kText:
      return Text(place, text);
    case State::kTag:
      return Tag(place, text);
    case State::kAttrName:
      return AttributeName(place, text);
    case State::kAfterName:
      return AfterName(place, text);
    case State::kBeforeValue:
      return BeforeValue(place, text);
    case State::kComment:
      return Comment(place, text);
    case State::kRcdata:
    case State::kAttr:
      return {place, text.size()};
    case State::kUrl:
    case State::kSrcset:
      return Url(place, text);
    case State::kMetaContent:
      return MetaContent(place, text);
    case State::kMetaContentUrl:
      return MetaContentUrl(place, text);
    default:
      return StepInScriptOrStyle(place, text);
  }
}

HtmlStep ReadHtml(const HtmlPlace& place, std::string_view text, size_t* end_tag) {
  size_t unknown = kNotSearched;
  if (place.delimiter == Delimiter::kNone) {
    const size_t end = EndTag(place, text, end_tag != nullptr ? end_tag : &unknown);
    if (end == 0) return {HtmlPlace(), 0};
    return StepInState(place, place.state, text.substr(0, end));
  }
  const size_t end = std::min(text.find_first_of(ValueEnds(place.delimiter)), text.size());
  if (end == text.size()) {  // the value goes on
    HtmlPlace next = place;
    const std::string value = DecodeEntities(text);
    for (std::string_view rest = value; !rest.empty();) {
      const HtmlStep step = StepInState(next, next.state, rest);
      const bool stuck = step.read == 0 && step.place.state == next.state;
      next = step.place;
      rest.remove_prefix(stuck ? 1 : step.read);
    }
    return {next, text.size()};
  }
  HtmlElement element = place.element;
  if (place.attribute == HtmlAttribute::kScriptType && !IsScriptType(text.substr(0, end))) {
    element = HtmlElement::kNone;  // no script that runs
  }
  return {InState(State::kTag, element),
          end + (place.delimiter == Delimiter::kSpaceOrTagEnd ? 0 : 1)};
}

}  // namespace outrider::tmpl
