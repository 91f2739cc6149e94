// SPDX-License-Identifier: Apache-2.0
// Which of the two matcher grammars wins, and matchers as text.
#include <fmt/format.h>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/matcher_text.h"
#include "storage/base/text.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

// Only quotes, backslashes and newlines are escaped.
std::string OpenMetricsQuote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + '"';
}

bool HasReserved(std::string_view name) {
  for (size_t i = 0; i < name.size(); ++i) {
    if (std::string_view("{}!=~,\\\"'`").find(name[i]) != std::string_view::npos ||
        BlankLength(name.substr(i)) > 0) {
      return true;
    }
  }
  return false;
}

std::string Suggestion(const std::vector<MatcherText>& matchers) {
  std::string out;
  for (const MatcherText& matcher : matchers) {
    if (!out.empty()) out += ',';
    out += matcher.name + std::string(MatchTypeText(matcher.type)) + Quote(matcher.value);
  }
  return out;
}

// Fallback mode: both grammars read the text; the classic one wins where they differ.
StatusOr<std::vector<MatcherText>> Choose(std::string_view text, std::vector<std::string>* warnings,
                                          MatcherMode mode) {
  if (mode == MatcherMode::kClassic) return ParseClassicMatchers(text);
  if (mode == MatcherMode::kUtf8) return ParseUtf8Matchers(text);
  auto classic = ParseClassicMatchers(text);
  auto utf8 = ParseUtf8Matchers(text);
  if (!classic.ok()) return utf8.ok() ? std::move(utf8) : std::move(classic);
  if (warnings != nullptr && !utf8.ok()) {
    warnings->push_back(
        fmt::format("matchers {} are read by the old grammar, which will go: {}; write {}",
                    Quote(text), Message(utf8.status()), Suggestion(*classic)));
  } else if (warnings != nullptr && *utf8 != *classic) {
    warnings->push_back(fmt::format(
        "disagreement: matchers {} mean {} in the old grammar (used) and {} in the new one",
        Quote(text), Suggestion(*classic), Suggestion(*utf8)));
  }
  return classic;
}

// As Choose, of a text that is one matcher. The classic grammar does not look for commas then:
// `a=e,x=y` asks for the value `e,x=y`.
StatusOr<MatcherText> ChooseOne(std::string_view text, MatcherMode mode) {
  if (mode == MatcherMode::kClassic) return ParseClassicMatcher(text);
  StatusOr<MatcherText> utf8 = InvalidArgument("no matchers");
  if (auto all = ParseUtf8Matchers(text); !all.ok()) {
    utf8 = all.status();
  } else if (all->size() > 1) {
    utf8 = InvalidArgument(fmt::format("expected 1 matcher, found {}", all->size()));
  } else if (!all->empty()) {
    utf8 = std::move(all->front());
  }
  if (mode == MatcherMode::kUtf8) return utf8;
  StatusOr<MatcherText> classic = ParseClassicMatcher(text);
  return classic.ok() || !utf8.ok() ? classic : utf8;
}

}  // namespace

StatusOr<std::vector<Matcher>> ParseMatchers(std::string_view text,
                                             std::vector<std::string>* warnings, MatcherMode mode) {
  std::vector<Matcher> matchers;
  for (MatcherText& matcher : TRY(Choose(text, warnings, mode))) {
    matchers.push_back(TRY(Matcher::Create(matcher.type, std::move(matcher.name),
                                           std::move(matcher.value), Regex::Dot::kNoNewline)));
  }
  return matchers;
}

StatusOr<std::vector<Matcher>> ParseMatchers(std::string_view text) {
  return ParseMatchers(text, nullptr);
}

StatusOr<Matcher> ParseMatcher(std::string_view text, MatcherMode mode) {
  if (text.starts_with('{') || text.ends_with('}')) {
    return InvalidArgument(fmt::format(
        "{}: {}",
        mode == MatcherMode::kClassic ? "bad matcher format" : "unexpected open or close brace",
        text));
  }
  MatcherText one = TRY(ChooseOne(text, mode));
  return Matcher::Create(one.type, std::move(one.name), std::move(one.value),
                         Regex::Dot::kNoNewline);
}

bool IsLabelNameIn(MatcherMode mode, std::string_view name) {
  if (mode == MatcherMode::kClassic) return IsLegacyLabelName(name);
  return !name.empty() && IsValidUtf8(name);
}

std::string MatchersText(std::span<const Matcher> matchers) {
  std::string out = "{";
  for (const Matcher& matcher : matchers) {
    if (out.size() > 1) out += ',';
    const bool quote = HasReserved(matcher.name());
    out += quote ? Quote(matcher.name()) : matcher.name();
    out += MatchTypeText(matcher.type());
    out += quote ? Quote(matcher.value()) : OpenMetricsQuote(matcher.value());
  }
  return out + '}';
}

}  // namespace outrider
