// SPDX-License-Identifier: Apache-2.0
#include "rules/template/html_context.h"

#include "rules/template/html_escape.h"
#include "rules/template/html_script.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using State = HtmlState;

bool IsUrl(State state) {
  switch (state) {
    case State::kUrl:
    case State::kCssDoubleQuoted:
    case State::kCssSingleQuoted:
    case State::kCssDoubleQuotedUrl:
    case State::kCssSingleQuotedUrl:
    case State::kCssUrl:
      return true;
    default:
      return false;
  }
}

bool IsStyleString(State state) {
  return state == State::kCssDoubleQuoted || state == State::kCssSingleQuoted;
}

// Text in which a < that begins no tag is written as &lt;.
std::string WithoutLoneBrackets(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool lone = text[i] == '<' && ToUpper(text.substr(i, 9)) != "<!DOCTYPE";
    out += lone ? "&lt;" : std::string(1, text[i]);
  }
  return out;
}

// What a comment leaves behind.
std::string CommentRest(State state, std::string_view text) {
  if (state == State::kJsBlockComment) {
    return FindScriptLineEnd(text) != std::string_view::npos ? "\n" : " ";
  }
  return state == State::kCssBlockComment ? " " : "";
}

// A literal of a script in which < is written as \x3C where it would begin or end a script or begin
// a comment: those count for the browser wherever they stand.
std::string WithoutScriptTags(std::string_view literal) {
  std::string out;
  for (size_t i = 0; i < literal.size(); ++i) {
    const std::string rest = literal[i] == '<' ? ToLower(literal.substr(i, 8)) : std::string();
    const bool special =
        rest.starts_with("<script") || rest.starts_with("</script") || rest.starts_with("<!--");
    out += special ? "\\x3C" : std::string(1, literal[i]);
  }
  return out;
}

// The length of what began a comment, at the end of `text`.
size_t CommentMark(std::string_view text) {
  return text.ends_with("<!--") ? 4 : text.ends_with("-->") ? 3 : 2;  // else /* or // or #!
}

// A part read in one state, without what began in it if that is another tag or a comment.
std::string WrittenPart(const HtmlPlace& before, const HtmlPlace& after, std::string_view part) {
  const bool raw = before.delimiter == HtmlDelimiter::kNone;
  if (IsHtmlComment(before.state) && raw) return CommentRest(before.state, part);
  std::string_view kept = part;
  if (before.state != after.state && IsHtmlComment(after.state) &&
      after.delimiter == HtmlDelimiter::kNone) {
    kept.remove_suffix(CommentMark(part));
  }
  if (IsScriptLiteral(before.state)) return WithoutScriptTags(kept);
  if (before.state != State::kText && before.state != State::kRcdata) return std::string(kept);
  size_t text_end = kept.size();
  if (after.state != before.state && kept.size() == part.size()) {
    text_end = std::min(part.rfind('<'), part.size());
  }
  return WithoutLoneBrackets(kept.substr(0, text_end)) + std::string(kept.substr(text_end));
}

}  // namespace

std::string HtmlContext::Feed(std::string_view text) {
  std::string out;
  size_t end_tag = kNotSearched;
  while (!text.empty() && !place_.too_deep) {
    HtmlStep step = ReadHtml(place_, text, &end_tag);
    if (step.read == 0 && step.place.state == place_.state) step.read = 1;  // never stand still
    out += WrittenPart(place_, step.place, text.substr(0, step.read));
    place_ = std::move(step.place);
    text.remove_prefix(step.read);
    end_tag = end_tag >= step.read && end_tag != kNotSearched ? end_tag - step.read : kNotSearched;
  }
  return out;
}

HtmlPlace HtmlContext::Nudged(HtmlPlace place) {
  if (place.state == State::kTag || place.state == State::kAfterName) {
    place.state = State::kAttrName;
    place.attribute = HtmlAttribute::kPlain;
  } else if (place.state == State::kBeforeValue) {
    place.state = ValueState(place.attribute);
    place.delimiter = HtmlDelimiter::kSpaceOrTagEnd;
    place.attribute = HtmlAttribute::kPlain;
  }
  return place;
}

bool HtmlContext::Refuses(std::string_view escaper) const {
  const HtmlPlace place = Nudged(place_);
  return escaper == "html" && place.state == State::kAttr &&
         place.delimiter == HtmlDelimiter::kSpaceOrTagEnd;
}

bool HtmlContext::Replaces(std::string_view escaper) const {
  const HtmlPlace place = Nudged(place_);
  if (escaper == "urlquery") return IsUrl(place.state) && !IsStyleString(place.state);
  if (escaper != "html") return false;
  return place.delimiter == HtmlDelimiter::kDoubleQuote ||
         place.delimiter == HtmlDelimiter::kSingleQuote || place.state == State::kText ||
         place.state == State::kRcdata;
}

// True where no escaper of ours comes before it.
bool HtmlContext::TakesValueFirst(std::string_view escaper) const {
  if (escaper == "urlquery") return place_.url_part != HtmlUrlPart::kNone;
  return escaper == "html" && (place_.state == State::kText || place_.state == State::kRcdata ||
                               place_.state == State::kAttr);
}

// The last step: for the quotes around the value.
std::string HtmlContext::Quoted(const HtmlPlace& place, const HtmlText& value,
                                std::string_view escaper) const {
  const bool own = escaper == "html" && Replaces(escaper);
  switch (place.delimiter) {
    case HtmlDelimiter::kNone:
      return value.text;
    case HtmlDelimiter::kSpaceOrTagEnd:
      return EscapeHtmlUnquoted(value);
    case HtmlDelimiter::kDoubleQuote:
    case HtmlDelimiter::kSingleQuote:
      break;
  }
  return own ? BuiltinHtml(value.text) : EscapeHtmlAttribute(value);
}

std::string HtmlContext::Escape(const Value& value, std::string_view escaper) {
  place_ = Nudged(place_);
  HtmlText text = HtmlTextOf(value);
  if (value.IsNil() && TakesValueFirst(escaper)) text.text = "<no value>";
  const auto plain = [&](std::string escaped) {
    return Quoted(place_, {std::move(escaped), HtmlText::Kind::kPlain}, escaper);
  };
  if (IsUrl(place_.state)) {
    const bool query = place_.url_part == HtmlUrlPart::kQueryOrFragment;
    const bool own = escaper == "urlquery" && Replaces(escaper);
    std::string url = text.text;
    if (place_.url_part == HtmlUrlPart::kNone) url = FilterUrl(text);
    if (own) return plain(UrlEncodeQuery(url));
    if (!query && IsStyleString(place_.state)) return plain(EscapeStyleString(url));
    return plain(EncodeUrl(url, !query || text.kind == HtmlText::Kind::kUrl));
  }
  if (IsHtmlComment(place_.state)) return plain("");
  switch (place_.state) {
    case State::kText:
      return escaper == "html" ? BuiltinHtml(text.text) : EscapeHtmlText(text);
    case State::kRcdata:
      return escaper == "html" ? BuiltinHtml(text.text) : EscapeHtmlRcdata(text);
    case State::kAttrName:
      return FilterHtmlName(text);
    case State::kSrcset:
      return plain(EscapeSrcset(text));
    case State::kMetaContentUrl:
      return plain(FilterUrl(text));
    case State::kJs:
      place_.slash_divides = true;
      return plain(ScriptValue(value));
    case State::kJsDoubleQuoted:
    case State::kJsSingleQuoted:
      return plain(EscapeScriptString(text.text));
    case State::kJsTemplate:
      return plain(EscapeScriptTemplate(text.text));
    case State::kJsRegexp:
      return plain(EscapeScriptRegexp(text.text));
    case State::kCss:
      return plain(FilterStyleValue(text.text));
    default:
      return Quoted(place_, text, escaper);
  }
}

}  // namespace outrider::tmpl
