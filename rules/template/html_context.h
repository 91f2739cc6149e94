// SPDX-License-Identifier: Apache-2.0
// Contextual escaping, the basics of Go's html/template: follows the markup a template writes and
// escapes each inserted value for the place it lands in.
//
// Handled: text, RCDATA (title, textarea), quoted and unquoted attributes, URL attributes (scheme
// filter, percent encoding). In comments nothing is written; in scripts a JSON literal; where a
// value cannot be made safe (tag and attribute names, styles, event handlers other than as JSON)
// the filter text ZgotmplZ. Unlike html/template this works while executing, so a branch that
// leaves markup unbalanced is not an error.
#pragma once

#include <string>
#include <string_view>

#include "rules/template/value.h"

namespace outrider::tmpl {

class HtmlContext {
 public:
  // Follows literal template text.
  void Feed(std::string_view text);
  // `value` made fit for the current place. `escaped_by`: the last function of the pipeline,
  // because urlquery and html are not applied twice.
  std::string Escape(const Value& value, std::string_view escaped_by);

 private:
  enum class State { kText, kComment, kTagOpen, kTag, kAttrName, kAfterName, kValue, kRaw };
  enum class Attribute { kPlain, kUrl, kStyle, kScript };
  enum class UrlPart { kStart, kPath, kQuery };

  void Step(char c, std::string_view rest);
  void StepTag(char c);
  void StepName(char c);
  void StepValue(char c);
  void OpenTag(char c);
  void CloseTag();
  void BeginValue(char delimiter);
  std::string EscapeAttribute(const std::string& text, std::string_view escaped_by);

  State state_ = State::kText;
  std::string tag_;        // name of the tag being read, then of the raw element
  bool closing_ = false;   // </tag>
  std::string attribute_;  // name of the attribute being read
  Attribute kind_ = Attribute::kPlain;
  char delimiter_ = 0;  // of the value: " ' or ' ' for an unquoted one
  UrlPart url_ = UrlPart::kStart;
};

// Go's html/template escaping of text: & < > " ' + and NUL.
std::string EscapeHtmlText(std::string_view text);

}  // namespace outrider::tmpl
