// SPDX-License-Identifier: Apache-2.0
// Label matchers: = != =~ !~. A missing label is the empty string everywhere.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/regex.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"

namespace outrider {

enum class MatchType { kEqual, kNotEqual, kRegex, kNotRegex };
std::string_view MatchTypeText(MatchType type);  // = != =~ !~

// Immutable, cheap to copy, thread-safe. Regular expressions are anchored at both ends.
class Matcher {
 public:
  // `dot`: PromQL's dot matches newlines (^(?s:…)$), Alertmanager's does not (^(?:…)$).
  static StatusOr<Matcher> Create(MatchType type, std::string name, std::string value,
                                  Regex::Dot dot = Regex::Dot::kAll);
  static Matcher Equal(std::string name, std::string value);

  bool Matches(std::string_view value) const;
  bool Matches(const Labels& labels) const { return Matches(labels.Get(name_)); }
  bool MatchesEmpty() const { return Matches(std::string_view()); }
  MatchType type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  // The compiled expression of =~ and !~, else nullptr.
  const Regex* regex() const { return regex_ ? &*regex_ : nullptr; }
  // name="value", the value Go-quoted; the name quoted too when it is not a legacy label name.
  std::string ToString() const;
  friend bool operator==(const Matcher& a, const Matcher& b) {
    return a.type_ == b.type_ && a.name_ == b.name_ && a.value_ == b.value_;
  }

 private:
  Matcher(MatchType type, std::string name, std::string value)
      : type_(type), name_(std::move(name)), value_(std::move(value)) {}
  MatchType type_;
  std::string name_;
  std::string value_;
  std::optional<Regex> regex_;
};

bool MatchesAll(std::span<const Matcher> matchers, const Labels& labels);

}  // namespace outrider
