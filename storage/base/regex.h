// SPDX-License-Identifier: Apache-2.0
// Regular expressions: RE2 behind our own type; regex.cc is its only includer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/base/status.h"

namespace outrider {

// An immutable compiled expression; cheap to copy, thread-safe.
class Regex {
 public:
  enum class Anchor { kNone, kBoth };
  enum class Dot { kNoNewline, kAll };
  // Memory for one expression is bounded (8 MiB); the error carries RE2's text.
  static StatusOr<Regex> Compile(std::string_view pattern, Anchor anchor, Dot dot);

  // With Anchor::kBoth the whole text must match, else any part of it.
  bool Matches(std::string_view text) const;
  // Replaces every match in `text` by `replacement` with Go's $1, ${1}, ${name}, $$.
  // Stops once the result is longer than `limit`, with what it has by then.
  std::string ReplaceAll(std::string_view text, std::string_view replacement,
                         size_t limit = std::string::npos) const;
  // If `text` matches, expands `replacement` (Go syntax) with its groups into `out`.
  bool MatchAndExpand(std::string_view text, std::string_view replacement, std::string* out) const;
  // If every match starts with one literal, that literal, for index look-ups; else "".
  const std::string& Prefix() const;
  // The pattern as given.
  const std::string& pattern() const;

 private:
  struct Impl;
  explicit Regex(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// Go's regexp.QuoteMeta.
std::string QuoteRegexMeta(std::string_view text);

}  // namespace outrider
