// SPDX-License-Identifier: Apache-2.0
// Contextual escaping as in Go's html/template: follows the markup a template writes and escapes
// each inserted value for the place it lands in (html_place.h says which places there are,
// html_escape.h how a value is made fit). What cannot be made safe becomes ZgotmplZ; comments are
// left out.
//
// Unlike html/template this works while executing: branches that end in different places, and
// markup that is not closed, are no errors.
#pragma once

#include <string>
#include <string_view>

#include "rules/template/html_place.h"
#include "rules/template/value.h"

namespace outrider::tmpl {

class HtmlContext {
 public:
  // Literal template text as it is written out.
  std::string Feed(std::string_view text);
  // True where scripts nest so deeply that the rest was not read: nothing may be inserted.
  bool IsTooDeep() const { return place_.too_deep; }
  // `value` made fit for the current place. `escaper`: "html" or "urlquery" where the template ends
  // its pipeline with that function; it takes the place of one of ours and `value` is what it was
  // given.
  std::string Escape(const Value& value, std::string_view escaper);
  // True where the function takes the place of one of ours, so that Escape wants its argument.
  bool Replaces(std::string_view escaper) const;
  // True where the function may not stand: html in a value without quotes.
  bool Refuses(std::string_view escaper) const;

 private:
  // Where a value inserted now stands: a bare name or value begins with it.
  static HtmlPlace Nudged(HtmlPlace place);
  bool TakesValueFirst(std::string_view escaper) const;
  std::string Quoted(const HtmlPlace& place, const struct HtmlText& value,
                     std::string_view escaper) const;

  HtmlPlace place_;
};

}  // namespace outrider::tmpl
