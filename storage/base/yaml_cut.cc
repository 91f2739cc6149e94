// SPDX-License-Identifier: Apache-2.0
#include "storage/base/yaml_cut.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr std::string_view kBlank = " \t";
constexpr std::string_view kSpace = " \t\r\n";

bool IsQuote(std::string_view text, size_t at) {
  return at < text.size() && (text[at] == '"' || text[at] == '\'');
}

// The offset behind the closing quote; npos: there is none.
size_t EndOfQuoted(std::string_view text, size_t at) {
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;  // '' is a quote of the text
    }
  }
  return std::string_view::npos;
}

}  // namespace

size_t SkipYamlProperties(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == '!' || text[at] == '&')) {
    at = std::min(text.find_first_of(kSpace, at), text.size());
    at = std::min(text.find_first_not_of(kSpace, at), text.size());
  }
  return at;
}

std::optional<std::string_view> FaultOfQuoted(std::string_view text, size_t at) {
  if (!IsQuote(text, at) || EndOfQuoted(text, at) != std::string_view::npos) return std::nullopt;
  return "found unexpected end of stream: the quote that begins here is never closed";
}

std::optional<std::string_view> FaultOfBareKey(std::string_view text, size_t at,
                                               std::string_view key) {
  size_t end = 0;
  if (IsQuote(text, at)) {
    end = EndOfQuoted(text, at);
  } else if (text.substr(at).starts_with(key)) {
    end = at + key.size();
  } else {
    return std::nullopt;  // an alias, or a key of several lines: not ours to judge
  }
  end = std::min(end, text.size());
  end = std::min(text.find_first_not_of(kBlank, end), text.size());
  if (end < text.size() && text[end] == ':') return std::nullopt;
  const size_t before = text.substr(0, at).find_last_not_of(kBlank);
  if (at > 0 && before != std::string_view::npos && text[before] == '?') return std::nullopt;
  return "could not find expected ':' behind this key";
}

}  // namespace outrider
