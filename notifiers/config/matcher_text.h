// SPDX-License-Identifier: Apache-2.0
// The two grammars of matcher text. Source: specs/alertmanager.md §1 "Matchers". ParseMatchers
// (alertmanager_config.h) decides between them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/matcher.h"

namespace outrider {

// A matcher as written, before its regular expression is compiled.
struct MatcherText {
  MatchType type = MatchType::kEqual;
  std::string name;
  std::string value;
  friend bool operator==(const MatcherText&, const MatcherText&) = default;
};

// Alertmanager up to 0.26: `foo=bar baz, "…"` leniently quoted, names classic, values may be empty.
StatusOr<std::vector<MatcherText>> ParseClassicMatchers(std::string_view text);
// The whole text as one matcher: commas are part of its value.
StatusOr<MatcherText> ParseClassicMatcher(std::string_view text);
// Alertmanager from 0.27: names and values quoted (Go string literals) or free of reserved
// characters.
StatusOr<std::vector<MatcherText>> ParseUtf8Matchers(std::string_view text);

// Length in bytes of the Unicode blank that `text` begins with, 0 when it begins with none.
size_t BlankLength(std::string_view text);

}  // namespace outrider
