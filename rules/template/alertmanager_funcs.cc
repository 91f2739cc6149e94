// SPDX-License-Identifier: Apache-2.0
// The template functions of Alertmanager that need no clock. Source: specs/alertmanager.md §2
// "Default templates".
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "rules/template/args.h"
#include "rules/template/format_spec.h"
#include "rules/template/template.h"
#include "rules/template/text_funcs.h"
#include "rules/template/time_format.h"
#include "rules/template/to_json.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using Args = std::span<const Value>;

StatusOr<Value> TrimSpace(Args args) {
  const std::string text = TRY(StringArg(args[0]));
  std::string_view rest = text;
  const auto blank = [](std::string_view rune) {
    constexpr std::u32string_view kBlanks =
        U"\t\n\v\f\r \u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
        U"\u2009\u200A\u2028\u2029\u202F\u205F\u3000";
    return kBlanks.find(DecodeOneRune(rune)) != std::u32string_view::npos;
  };
  while (!rest.empty() && blank(RunePrefix(rest, 1))) {
    rest.remove_prefix(RunePrefix(rest, 1).size());
  }
  while (!rest.empty()) {
    size_t last = rest.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(rest[last]) & 0xC0) == 0x80) --last;
    if (!blank(rest.substr(last))) break;
    rest.remove_suffix(rest.size() - last);
  }
  return Value(std::string(rest));
}
// The separator comes first, for pipelines.
StatusOr<Value> JoinFunction(Args args) {
  const std::string separator = TRY(StringArg(args[0]));
  std::string out;
  bool first = true;
  for (const Value& part : *TRY(ListArg(args[1]))) {
    if (!std::exchange(first, false)) out += separator;
    out += TRY(StringArg(part));
    if (out.size() > kMaxFormatted) break;
  }
  return Value(std::move(out));
}
StatusOr<Value> StringSlice(Args args) {
  return Value(MethodList{List(args.begin(), args.end()), {}, "[]string"});
}
StatusOr<Value> SafeUrl(Args args) { return Value(SafeHtml{TRY(StringArg(args[0])), true}); }
StatusOr<Value> UrlUnescape(Args args) {
  return Value(TRY(UrlDecode(TRY(StringArg(args[0])), /*plus_is_blank=*/true)));
}

StatusOr<Value> Date(Args args) {
  const std::string layout = TRY(StringArg(args[0]));
  return Value(FormatTime(TRY(TimeArg(args[1])), layout));
}
StatusOr<Value> TimeZone(Args args) {
  const std::string zone = TRY(StringArg(args[0]));
  return Value(TRY(InZone(TRY(TimeArg(args[1])), zone)));
}
StatusOr<Value> MustToDate(Args args) {
  const std::string layout = TRY(StringArg(args[0]));
  return Value(TRY(ParseTime(layout, TRY(StringArg(args[1])))));
}
// The zero time where the text is no date.
StatusOr<Value> ToDate(Args args) {
  const std::string layout = TRY(StringArg(args[0]));
  const StatusOr<Time> time = ParseTime(layout, TRY(StringArg(args[1])));
  return Value(time.ok() ? *time : Time{});
}

StatusOr<Value> ToJson(Args args) { return Value(ToJsonText(args[0])); }
StatusOr<Value> ListFunction(Args args) { return Value(List(args.begin(), args.end())); }
StatusOr<Value> Append(Args args) {
  List list = *TRY(ListArg(args[0]));
  list.insert(list.end(), args.begin() + 1, args.end());
  return Value(std::move(list));
}
StatusOr<Value> Dict(Args args) {
  if (args.size() % 2 != 0) return InvalidArgument("dict requires an even number of arguments");
  std::map<std::string_view, const Value*> last;  // value of each key
  for (size_t i = 0; i < args.size(); i += 2) {
    const std::string* key = args[i].AsString();
    if (key == nullptr) return InvalidArgument("dict keys must be strings");
    last[*key] = &args[i + 1];
  }
  Object map{
      .kind = Object::Kind::kMap, .fields = {}, .methods = {}, .type = "", .any_values = true};
  for (const auto& [key, value] : last) map.fields.emplace_back(key, *value);
  return Value(std::move(map));
}

StatusOr<Value> Base64EncodeFunction(Args args) {
  std::string text = Base64Encode(TRY(StringArg(args[0])));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return Value(std::move(text));
}
// The URL-safe alphabet with padding.
StatusOr<Value> Base64DecodeFunction(Args args) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::string text = TRY(StringArg(args[0]));
  std::string_view digits = text;
  while (!digits.empty() && digits.back() == '=') digits.remove_suffix(1);
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const size_t digit = kAlphabet.find(digits[i]);
    if (digit == std::string_view::npos || text.size() % 4 != 0) {
      return InvalidArgument(fmt::format("illegal base64 data at input byte {}", i));
    }
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return Value(std::move(out));
}

}  // namespace

const FunctionMap& AlertmanagerFunctions() {
  static const FunctionMap kFunctions = {
      {"append", {Append, "la*"}},
      {"base64decode", {Base64DecodeFunction, "s"}},
      {"base64encode", {Base64EncodeFunction, "s"}},
      {"date", {Date, "st"}},
      {"dict", {Dict, "a*"}},
      {"humanizeDuration", {HumanizeDurationFunction, "a"}},
      {"join", {JoinFunction, "sS"}},
      {"list", {ListFunction, "a*"}},
      {"match", {MatchFunction, "ss", RegexWork}},
      {"mustToDate", {MustToDate, "ss"}},
      {"reReplaceAll", {ReReplaceAllFunction, "sss", RegexWork}},
      {"safeHtml", {SafeHtmlFunction, "s"}},
      {"safeUrl", {SafeUrl, "s"}},
      {"stringSlice", {StringSlice, "s*"}},
      {"title", {TitleCaseFunction, "s"}},
      {"toDate", {ToDate, "ss"}},
      {"toJson", {ToJson, "a"}},
      {"toLower", {ToLowerFunction, "s"}},
      {"toUpper", {ToUpperFunction, "s"}},
      {"trimSpace", {TrimSpace, "s"}},
      {"tz", {TimeZone, "st"}},
      {"urlUnescape", {UrlUnescape, "s"}},
  };
  return kFunctions;
}

}  // namespace outrider::tmpl
