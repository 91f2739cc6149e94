// SPDX-License-Identifier: Apache-2.0
#include "storage/base/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <vector>

#include "storage/base/text.h"

namespace outrider {

struct Regex::Impl {
  Impl(std::string_view text, const std::string& full, const RE2::Options& options)
      : pattern(text), re(full, options) {}
  std::string pattern;
  RE2 re;
  std::string prefix;
};

namespace {

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

// The literal every match must start with: what lies in [min, max] of RE2's range as a common
// prefix.
std::string LiteralPrefix(const RE2& re) {
  std::string low;
  std::string high;
  if (!re.PossibleMatchRange(&low, &high, 64)) return "";
  size_t n = 0;
  while (n < low.size() && n < high.size() && low[n] == high[n]) ++n;
  return low.substr(0, n);
}

// RE2's reasons as Go's regexp/syntax words them.
std::string_view Reason(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case RE2::ErrorPatternTooLarge:
      return "expression too large";
    case RE2::NoError:
    case RE2::ErrorInternal:
      break;
  }
  return "internal error";
}

// The pattern is shown without the anchors, which only Outrider added.
std::string WhyNot(std::string_view pattern, const RE2& anchored, const RE2::Options& options) {
  const RE2 bare(Piece(pattern), options);
  const RE2& re = bare.ok() ? anchored : bare;
  return "error parsing regexp: " + std::string(Reason(re.error_code())) + ": `" + re.error_arg() +
         "`";
}

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Go's Regexp.Expand: $1, ${1}, $name, ${name}, $$; unknown groups are empty; the longest name
// counts.
class Expander {
 public:
  Expander(const RE2& re, const std::vector<re2::StringPiece>& groups) : re_(re), groups_(groups) {}

  // Stops once *out is longer than `limit`.
  void Expand(std::string_view text, std::string* out, size_t limit = std::string::npos) const {
    while (!text.empty() && out->size() <= limit) {
      const size_t dollar = text.find('$');
      out->append(text.substr(0, dollar));
      if (dollar == std::string_view::npos) return;
      text.remove_prefix(dollar + 1);
      if (!text.empty() && text[0] == '$') {
        *out += '$';
        text.remove_prefix(1);
        continue;
      }
      std::string_view name;
      if (!TakeName(&text, &name)) {
        *out += '$';
        continue;
      }
      AppendGroup(name, out);
    }
  }

 private:
  static bool TakeName(std::string_view* text, std::string_view* name) {
    const bool braces = !text->empty() && (*text)[0] == '{';
    size_t n = braces ? 1 : 0;
    const size_t begin = n;
    while (n < text->size() && IsNameChar((*text)[n])) ++n;
    if (n == begin) return false;
    if (braces && (n == text->size() || (*text)[n] != '}')) return false;
    *name = text->substr(begin, n - begin);
    text->remove_prefix(braces ? n + 1 : n);
    return true;
  }

  void AppendGroup(std::string_view name, std::string* out) const {
    size_t index = groups_.size();
    if (name.find_first_not_of("0123456789") == std::string_view::npos && name.size() < 4) {
      index = static_cast<size_t>(std::stoi(std::string(name)));
    } else {
      const auto& names = re_.NamedCapturingGroups();
      const auto found = names.find(std::string(name));
      if (found != names.end()) index = static_cast<size_t>(found->second);
    }
    if (index < groups_.size()) out->append(groups_[index].data(), groups_[index].size());
  }

  const RE2& re_;
  const std::vector<re2::StringPiece>& groups_;
};

}  // namespace

StatusOr<Regex> Regex::Compile(std::string_view pattern, Anchor anchor, Dot dot) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(8 << 20);
  options.set_dot_nl(dot == Dot::kAll);
  std::string full(pattern);
  if (anchor == Anchor::kBoth) full = "^(?:" + full + ")$";
  auto impl = std::make_shared<Impl>(pattern, full, options);
  if (!impl->re.ok()) {
    return InvalidArgument(WhyNot(pattern, impl->re, options));
  }
  if (anchor == Anchor::kBoth) impl->prefix = LiteralPrefix(impl->re);
  return Regex(std::move(impl));
}

bool Regex::Matches(std::string_view text) const {
  return RE2::PartialMatch(Piece(text), impl_->re);
}

bool Regex::MatchAndExpand(std::string_view text, std::string_view replacement,
                           std::string* out) const {
  std::vector<re2::StringPiece> groups(impl_->re.NumberOfCapturingGroups() + 1);
  if (!impl_->re.Match(Piece(text), 0, text.size(), RE2::UNANCHORED, groups.data(),
                       static_cast<int>(groups.size()))) {
    return false;
  }
  Expander(impl_->re, groups).Expand(replacement, out);
  return true;
}

std::string Regex::ReplaceAll(std::string_view text, std::string_view replacement,
                              size_t limit) const {
  std::string out;
  std::vector<re2::StringPiece> groups(impl_->re.NumberOfCapturingGroups() + 1);
  size_t from = 0;
  size_t last_end = std::string_view::npos;
  while (from <= text.size()) {
    if (!impl_->re.Match(Piece(text), from, text.size(), RE2::UNANCHORED, groups.data(),
                         static_cast<int>(groups.size()))) {
      break;
    }
    const auto begin = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = begin + groups[0].size();
    out.append(text.substr(from, begin - from));
    // As in Go, an empty match right behind the previous match is not replaced.
    if (end > begin || begin != last_end) {
      Expander(impl_->re, groups).Expand(replacement, &out, limit);
    }
    if (out.size() > limit) return out;
    last_end = end;
    from = end;
    if (end == begin) {
      const std::string_view rune = RunePrefix(text.substr(begin), 1);  // never part of one
      out += rune;
      from += std::max<size_t>(rune.size(), 1);
    }
  }
  if (from < text.size()) out.append(text.substr(from));
  return out;
}

const std::string& Regex::Prefix() const { return impl_->prefix; }
const std::string& Regex::pattern() const { return impl_->pattern; }

std::string QuoteRegexMeta(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace outrider
