// SPDX-License-Identifier: Apache-2.0
// The classic grammar: split at commas outside quotes, then `name op rest` per part.
#include <fmt/format.h>

#include <optional>

#include "notifiers/config/matcher_text.h"
#include "storage/base/text.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

// RE2's \s, which the original expression uses.
constexpr std::string_view kBlanks = " \t\n\f\r";

std::string_view TrimBlanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::vector<std::string_view> SplitOutsideQuotes(std::string_view text) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  bool escaped = false;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ',' && !quoted) {
      parts.push_back(text.substr(start, i - start));
      start = i + 1;
      continue;
    }
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = c == '\\' && !escaped;
  }
  // What follows the last comma may be empty, what stands before one may not.
  if (!TrimBlanks(text.substr(start)).empty()) parts.push_back(text.substr(start));
  return parts;
}

// Takes the operator off the front of `*rest`.
std::optional<MatchType> TakeOperator(std::string_view* rest) {
  static constexpr std::pair<std::string_view, MatchType> kOperators[] = {
      {"=~", MatchType::kRegex},
      {"=", MatchType::kEqual},
      {"!=", MatchType::kNotEqual},
      {"!~", MatchType::kNotRegex}};
  for (const auto& [text, type] : kOperators) {
    if (rest->starts_with(text)) {
      rest->remove_prefix(text.size());
      return type;
    }
  }
  return std::nullopt;
}

// Only \" \n and \\ are escapes, any other backslash is itself; a bare quote may only close the
// value.
StatusOr<std::string> UnescapeValue(std::string_view raw) {
  const std::string_view original = raw;
  const auto unescaped_quote = [&] {
    return InvalidArgument(
        fmt::format("matcher value contains unescaped double quote: {}", original));
  };
  bool wants_quote = raw.starts_with('"');
  if (wants_quote) raw.remove_prefix(1);
  if (!IsValidUtf8(raw)) {
    return InvalidArgument(fmt::format("matcher value not valid UTF-8: {}", original));
  }
  std::string value;
  for (size_t i = 0; i < raw.size(); ++i) {
    const bool last = i + 1 == raw.size();
    if (raw[i] == '"') {
      if (!wants_quote || !last) return unescaped_quote();
      wants_quote = false;
    } else if (raw[i] == '\\' && !last) {
      const char next = raw[++i];
      if (next != '"' && next != '\\' && next != 'n') value += '\\';
      value += next == 'n' ? '\n' : next;
    } else {
      value += raw[i];
    }
  }
  if (wants_quote) return unescaped_quote();
  return value;
}

StatusOr<MatcherText> ParseOne(std::string_view text) {
  const auto bad = [&] { return InvalidArgument(fmt::format("bad matcher format: {}", text)); };
  std::string_view rest = TrimBlanks(text);
  const size_t name_end = std::min(rest.find_first_of("=!"), rest.size());
  const std::string_view name = TrimBlanks(rest.substr(0, name_end));
  if (!IsLegacyMetricName(name)) return bad();
  rest.remove_prefix(name_end);
  const auto type = TakeOperator(&rest);
  if (!type) return bad();
  return MatcherText{*type, std::string(name), TRY(UnescapeValue(TrimBlanks(rest)))};
}

}  // namespace

StatusOr<MatcherText> ParseClassicMatcher(std::string_view text) { return ParseOne(text); }

StatusOr<std::vector<MatcherText>> ParseClassicMatchers(std::string_view text) {
  if (text.starts_with('{')) text.remove_prefix(1);
  if (text.ends_with('}')) text.remove_suffix(1);
  std::vector<MatcherText> matchers;
  for (const std::string_view part : SplitOutsideQuotes(text)) {
    matchers.push_back(TRY(ParseOne(part)));
  }
  return matchers;
}

}  // namespace outrider
