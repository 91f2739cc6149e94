// SPDX-License-Identifier: Apache-2.0
#include "rules/template/text_funcs.h"

#include "rules/template/args.h"
#include "rules/template/humanize.h"
#include "storage/base/regex.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using Args = std::span<const Value>;

StatusOr<Regex> CompileArg(const Value& pattern) {
  return Regex::Compile(TRY(StringArg(pattern)), Regex::Anchor::kNone, Regex::Dot::kNoNewline);
}

bool IsWordByte(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

StatusOr<Value> ToUpperFunction(Args args) {
  TRY(CheckCount(args, 1));
  return Value(ToUpper(TRY(StringArg(args[0]))));
}

StatusOr<Value> ToLowerFunction(Args args) {
  TRY(CheckCount(args, 1));
  return Value(ToLower(TRY(StringArg(args[0]))));
}

StatusOr<Value> TitleFunction(Args args) {
  TRY(CheckCount(args, 1));
  std::string text = TRY(StringArg(args[0]));
  bool in_word = false;
  for (char& c : text) {
    if (!in_word && c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
    in_word = IsWordByte(c);
  }
  return Value(std::move(text));
}

StatusOr<Value> MatchFunction(Args args) {
  TRY(CheckCount(args, 2));
  const Regex regex = TRY(CompileArg(args[0]));
  return Value(regex.Matches(TRY(StringArg(args[1]))));
}

StatusOr<Value> ReReplaceAllFunction(Args args) {
  TRY(CheckCount(args, 3));
  const Regex regex = TRY(CompileArg(args[0]));
  const std::string replacement = TRY(StringArg(args[1]));
  return Value(regex.ReplaceAll(TRY(StringArg(args[2])), replacement));
}

StatusOr<Value> SafeHtmlFunction(Args args) {
  TRY(CheckCount(args, 1));
  return Value(SafeHtml{TRY(StringArg(args[0]))});
}

StatusOr<Value> HumanizeDurationFunction(Args args) {
  TRY(CheckCount(args, 1));
  return Value(HumanizeDuration(TRY(NumberArg(args[0]))));
}

}  // namespace outrider::tmpl
