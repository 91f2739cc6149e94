// SPDX-License-Identifier: Apache-2.0
#include "rules/template/text_funcs.h"

#include <algorithm>
#include <clocale>
#include <cwctype>

#include "rules/template/args.h"
#include "rules/template/format_spec.h"
#include "rules/template/format_verb.h"
#include "rules/template/humanize.h"
#include "storage/base/regex.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using Args = std::span<const Value>;

// RE2 knows \\C, which splits characters; Go does not.
bool HasByteEscape(std::string_view pattern) {
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    if (pattern[i + 1] == 'C') return true;
    ++i;
  }
  return false;
}

StatusOr<Regex> CompileArg(const Value& argument) {
  const std::string pattern = TRY(StringArg(argument));
  if (HasByteEscape(pattern)) {
    return InvalidArgument("error parsing regexp: invalid escape sequence: `\\C`");
  }
  return Regex::Compile(pattern, Regex::Anchor::kNone, Regex::Dot::kNoNewline);
}

// Simple case mapping beyond ASCII, by the tables of the C library's own UTF-8 locale.
locale_t Utf8Locale() {
  static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

std::string MapRune(std::string_view rune, wint_t (*map)(wint_t, locale_t)) {
  if (Utf8Locale() == nullptr) return std::string(rune);
  return EncodeRune(static_cast<int64_t>(map(DecodeOneRune(rune), Utf8Locale())));
}

std::string MapText(std::string_view text, wint_t (*map)(wint_t, locale_t)) {
  std::string out;
  while (!text.empty()) {
    const std::string_view rune = RunePrefix(text, 1);
    out += MapRune(rune, map);
    text.remove_prefix(rune.size());
  }
  return out;
}

// What stands inside of a word when letters are on both sides: it's, node.cpu, job:rate5m.
bool IsMidWord(char32_t rune) {
  return std::u32string_view(
             U"'.:\u00B7\u0387\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A")
             .find(rune) != std::u32string_view::npos;
}

// What ends a word: all but letters, digits, underscores, marks and the above. Ideographs and
// Hiragana are words of their own.
bool EndsWord(char32_t rune) {
  if (rune == '_' || rune == 0xAD || rune == 0x200D || IsMidWord(rune)) return false;
  if (rune >= 0x300 && rune < 0x370) return false;  // combining marks
  const bool ideograph = (rune >= 0x2E80 && rune < 0x30A0) || (rune >= 0x3400 && rune < 0xA000);
  return ideograph || iswalnum_l(static_cast<wint_t>(rune), Utf8Locale()) == 0;
}

// Letters whose form at the begin of a word is neither their upper nor their lower one; "" for all
// others.
std::string_view TitleForm(char32_t rune, bool full) {
  if (rune >= 0x1C4 && rune <= 0x1C6) return "\u01C5";
  if (rune >= 0x1C7 && rune <= 0x1C9) return "\u01C8";
  if (rune >= 0x1CA && rune <= 0x1CC) return "\u01CB";
  if (rune >= 0x1F1 && rune <= 0x1F3) return "\u01F2";
  return full && rune == 0xDF ? "Ss" : "";
}

// The first letter with a case of each word in upper case; the others in lower case, or as they
// are.
std::string TitleText(std::string_view text, bool lower_rest) {
  std::string out;
  bool in_word = false;
  bool was_mid = false;
  while (!text.empty()) {
    const std::string_view rune = RunePrefix(text, 1);
    const char32_t code = DecodeOneRune(rune);
    const bool mid = IsMidWord(code);
    if ((mid && was_mid) || EndsWord(code)) in_word = false;
    was_mid = mid;
    const std::string upper = MapRune(rune, towupper_l);
    const std::string lower = MapRune(rune, towlower_l);
    const std::string_view form = TitleForm(code, /*full=*/lower_rest);
    const bool cased = upper != rune || lower != rune || !form.empty();
    if (cased && !in_word) {
      out += form.empty() ? upper : form;
    } else {
      out += lower_rest ? lower : std::string(rune);
    }
    in_word = in_word || cased;
    text.remove_prefix(rune.size());
  }
  return out;
}

constexpr size_t kMostCopies = 100'000;

// The largest number of {2,30} or {1000,}; at least 1.
size_t LargestNumber(std::string_view text) {
  size_t largest = 1;
  size_t number = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    number = digit ? std::min(number * 10 + static_cast<size_t>(c - '0'), kMostCopies) : 0;
    largest = std::max(largest, number);
  }
  return largest;
}

}  // namespace

StatusOr<Value> TitleFunction(Args args) {
  return Value(TitleText(TRY(StringArg(args[0])), /*lower_rest=*/false));
}

StatusOr<Value> TitleCaseFunction(Args args) {
  return Value(TitleText(TRY(StringArg(args[0])), /*lower_rest=*/true));
}

StatusOr<Value> ToUpperFunction(Args args) {
  return Value(MapText(TRY(StringArg(args[0])), towupper_l));
}

StatusOr<Value> ToLowerFunction(Args args) {
  return Value(MapText(TRY(StringArg(args[0])), towlower_l));
}

size_t RegexWork(Args args) {
  constexpr size_t kSteps = 20;
  constexpr size_t kClass = 200;  // \pL has hundreds of ranges, each of several bytes
  const std::string* given = args.empty() ? nullptr : args[0].AsString();
  const std::string_view pattern = given != nullptr ? std::string_view(*given) : "";
  size_t copies = 1;
  size_t size = 1;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
      if (i < pattern.size() && (pattern[i] == 'p' || pattern[i] == 'P')) size += kClass;
    } else if (pattern[i] == '{') {
      const size_t end = std::min(pattern.find('}', i), pattern.size());
      copies = std::min(copies * LargestNumber(pattern.substr(i, end - i)), kMostCopies);
      i = end;
    }
  }
  return kSteps + 2 * std::min(copies * size + pattern.size(), kMostCopies);
}

StatusOr<Value> MatchFunction(Args args) {
  const Regex regex = TRY(CompileArg(args[0]));
  return Value(regex.Matches(TRY(StringArg(args[1]))));
}

StatusOr<Value> ReReplaceAllFunction(Args args) {
  const StatusOr<Regex> regex = CompileArg(args[0]);
  if (!regex.ok()) {  // Go panics here, with the pattern in the text
    const std::vector<Value> pattern = {args[0]};
    return Annotate(regex.status(), Sprintf("regexp: Compile(%#q)", pattern));
  }
  const std::string replacement = TRY(StringArg(args[1]));
  return Value(regex->ReplaceAll(TRY(StringArg(args[2])), replacement, kMaxFormatted));
}

StatusOr<Value> SafeHtmlFunction(Args args) { return Value(SafeHtml{TRY(StringArg(args[0]))}); }

StatusOr<Value> HumanizeDurationFunction(Args args) {
  return Value(HumanizeDuration(TRY(NumberArg(args[0]))));
}

}  // namespace outrider::tmpl
