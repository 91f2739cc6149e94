// SPDX-License-Identifier: Apache-2.0
#include "storage/model/matcher.h"

#include "storage/base/text.h"

namespace outrider {

std::string_view MatchTypeText(MatchType type) {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegex:
      return "=~";
    case MatchType::kNotRegex:
      return "!~";
  }
  return "=";
}

StatusOr<Matcher> Matcher::Create(MatchType type, std::string name, std::string value,
                                  Regex::Dot dot) {
  Matcher matcher(type, std::move(name), std::move(value));
  if (type == MatchType::kRegex || type == MatchType::kNotRegex) {
    matcher.regex_ = TRY(Regex::Compile(matcher.value_, Regex::Anchor::kBoth, dot));
  }
  return matcher;
}

Matcher Matcher::Equal(std::string name, std::string value) {
  return Matcher(MatchType::kEqual, std::move(name), std::move(value));
}

bool Matcher::Matches(std::string_view value) const {
  switch (type_) {
    case MatchType::kEqual:
      return value == value_;
    case MatchType::kNotEqual:
      return value != value_;
    case MatchType::kRegex:
      return regex_ && regex_->Matches(value);
    case MatchType::kNotRegex:
      return regex_ && !regex_->Matches(value);
  }
  return false;
}

std::string Matcher::ToString() const {
  std::string out = IsLegacyLabelName(name_) ? name_ : Quote(name_);
  out += MatchTypeText(type_);
  return out += Quote(value_);
}

bool MatchesAll(std::span<const Matcher> matchers, const Labels& labels) {
  for (const Matcher& matcher : matchers) {
    if (!matcher.Matches(labels)) return false;
  }
  return true;
}

}  // namespace outrider
