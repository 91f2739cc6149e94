// SPDX-License-Identifier: Apache-2.0
// The template functions of Prometheus that need no context. Source: specs/prometheus.md §4.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rules/template/args.h"
#include "rules/template/humanize.h"
#include "rules/template/template.h"
#include "rules/template/text_funcs.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

using Args = std::span<const Value>;

// The number of the only argument.
StatusOr<double> OneNumber(Args args) { return NumberArg(args[0]); }
StatusOr<Value> HumanizeFunction(Args args) { return Value(Humanize(TRY(OneNumber(args)))); }
StatusOr<Value> Humanize1024Function(Args args) {
  return Value(Humanize1024(TRY(OneNumber(args))));
}
StatusOr<Value> HumanizePercentageFunction(Args args) {
  return Value(HumanizePercentage(TRY(OneNumber(args))));
}
StatusOr<Value> HumanizeTimestampFunction(Args args) {
  return Value(TRY(HumanizeTimestamp(TRY(OneNumber(args)))));
}
StatusOr<Value> ToTimeFunction(Args args) { return Value(TRY(ToTime(TRY(OneNumber(args))))); }
StatusOr<Value> ToDurationFunction(Args args) {
  return Value(Duration{TruncateToInt(TRY(OneNumber(args)) * 1e9)});
}
StatusOr<Value> ParseDurationFunction(Args args) {
  const std::string text = TRY(StringArg(args[0]));
  const bool negative = text.starts_with('-');
  const DurationMs ms = TRY(ParseDuration(std::string_view(text).substr(negative ? 1 : 0)));
  return Value(static_cast<double>(negative ? -ms : ms) / 1000);
}

// A sample of `query`: a struct {Labels, Value}.
StatusOr<const Object*> SampleArg(const Value& value) {
  const Object* sample = value.AsObject();
  if (sample != nullptr && sample->Find("Labels") != nullptr) return sample;
  return InvalidArgument("runtime error: invalid memory address or nil pointer dereference");
}
StatusOr<std::string> SampleLabel(const Value& sample, std::string_view name) {
  const Object* labels = TRY(SampleArg(sample))->Find("Labels")->AsObject();
  const Value* label = labels != nullptr ? labels->Find(name) : nullptr;
  return label != nullptr && label->AsString() != nullptr ? *label->AsString() : std::string();
}

StatusOr<Value> First(Args args) {
  const List* list = TRY(ListArg(args[0]));
  if (list->empty()) return InvalidArgument("first() called on vector with no elements");
  return list->front();
}
StatusOr<Value> Label(Args args) {
  return Value(TRY(SampleLabel(args[1], TRY(StringArg(args[0])))));
}
StatusOr<Value> SampleValue(Args args) {
  const Value* value = TRY(SampleArg(args[0]))->Find("Value");
  return value != nullptr ? *value : Value(0.0);
}
StatusOr<Value> StrValue(Args args) { return Value(TRY(SampleLabel(args[0], "__value__"))); }
StatusOr<Value> SortByLabel(Args args) {
  const std::string name = TRY(StringArg(args[0]));
  std::vector<std::pair<std::string, Value>> keyed;
  for (const Value& sample : *TRY(ListArg(args[1]))) {
    keyed.emplace_back(TRY(SampleLabel(sample, name)), sample);
  }
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  MethodList sorted;
  sorted.type = TypeName(args[1]);
  for (auto& [key, sample] : keyed) sorted.items.push_back(std::move(sample));
  return Value(std::move(sorted));
}
StatusOr<Value> ArgsFunction(Args args) {
  Object map{
      .kind = Object::Kind::kMap, .fields = {}, .methods = {}, .type = "", .any_values = true};
  for (size_t i = 0; i < args.size(); ++i)
    map.fields.emplace_back(fmt::format("arg{}", i), args[i]);
  return Value(std::move(map));
}

// Go's net.SplitHostPort; false where it reports an error.
bool SplitHostPort(const std::string& text, std::string* host, std::string* port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  *port = text.substr(colon + 1);
  const bool bracketed = text[0] == '[';
  if (bracketed && text.find(']') + 1 != colon) return false;
  *host = bracketed ? text.substr(1, colon - 2) : text.substr(0, colon);
  if ((*host + *port).find_first_of("[]") != std::string::npos) return false;
  return bracketed || host->find(':') == std::string::npos;
}
bool IsIpAddress(std::string_view host) {
  if (host.find(':') != std::string_view::npos) {
    return host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  const auto parts = Split(host, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           const auto number = ParseInt(part);
           const bool padded = part.size() > 1 && part[0] == '0';
           return part.size() <= 3 && !padded && number.ok() && *number >= 0 && *number <= 255;
         });
}
StatusOr<Value> StripPort(Args args) {
  const std::string text = TRY(StringArg(args[0]));
  std::string host;
  std::string port;
  return Value(SplitHostPort(text, &host, &port) ? host : text);
}
StatusOr<Value> StripDomain(Args args) {
  const std::string text = TRY(StringArg(args[0]));
  std::string host;
  std::string port;
  if (!SplitHostPort(text, &host, &port)) {
    host = text;
    port.clear();
  }
  if (IsIpAddress(host)) return Value(text);
  host = host.substr(0, host.find('.'));
  return Value(port.empty() ? host : host + ":" + port);
}

StatusOr<Value> UrlQueryEscape(Args args) { return Value(UrlEncodeQuery(TRY(StringArg(args[0])))); }
StatusOr<Value> GraphLink(Args args) {
  return Value(fmt::format("/graph?g0.expr={}&g0.tab=0", UrlEncodeQuery(TRY(StringArg(args[0])))));
}
StatusOr<Value> TableLink(Args args) {
  return Value(fmt::format("/graph?g0.expr={}&g0.tab=1", UrlEncodeQuery(TRY(StringArg(args[0])))));
}

}  // namespace

const FunctionMap& PrometheusFunctions() {
  static const FunctionMap kFunctions = {
      {"args", {ArgsFunction, "a*"}},
      {"first", {First, "q"}},
      {"graphLink", {GraphLink, "s"}},
      {"humanize", {HumanizeFunction, "a"}},
      {"humanize1024", {Humanize1024Function, "a"}},
      {"humanizeDuration", {HumanizeDurationFunction, "a"}},
      {"humanizePercentage", {HumanizePercentageFunction, "a"}},
      {"humanizeTimestamp", {HumanizeTimestampFunction, "a"}},
      {"label", {Label, "sp"}},
      {"match", {MatchFunction, "ss", RegexWork}},
      {"parseDuration", {ParseDurationFunction, "s"}},
      {"reReplaceAll", {ReReplaceAllFunction, "sss", RegexWork}},
      {"safeHtml", {SafeHtmlFunction, "s"}},
      {"sortByLabel", {SortByLabel, "sq"}},
      {"stripDomain", {StripDomain, "s"}},
      {"stripPort", {StripPort, "s"}},
      {"strvalue", {StrValue, "p"}},
      {"tableLink", {TableLink, "s"}},
      {"title", {TitleFunction, "s"}},
      {"toDuration", {ToDurationFunction, "a"}},
      {"toLower", {ToLowerFunction, "s"}},
      {"toTime", {ToTimeFunction, "a"}},
      {"toUpper", {ToUpperFunction, "s"}},
      {"urlQueryEscape", {UrlQueryEscape, "s"}},
      {"value", {SampleValue, "p"}},
  };
  return kFunctions;
}

}  // namespace outrider::tmpl
