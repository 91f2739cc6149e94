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
StatusOr<double> OneNumber(Args args) {
  TRY(CheckCount(args, 1));
  return NumberArg(args[0]);
}
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
  const double nanos = TRY(OneNumber(args)) * 1e9;
  if (std::isnan(nanos) || std::fabs(nanos) >= 9.2233720368547e18) {
    return InvalidArgument(fmt::format("{} cannot be represented as a duration in nanoseconds",
                                       FormatFloatG(nanos / 1e9)));
  }
  return Value(Duration{static_cast<int64_t>(nanos)});
}
StatusOr<Value> ParseDurationFunction(Args args) {
  TRY(CheckCount(args, 1));
  const DurationMs ms = TRY(ParseDuration(TRY(StringArg(args[0]))));
  return Value(static_cast<double>(ms) / 1000);
}

// A sample of `query`: a struct {Labels, Value}.
StatusOr<const Object*> SampleArg(const Value& value) {
  const Object* sample = value.AsObject();
  if (sample != nullptr && sample->Find("Labels") != nullptr) return sample;
  return absl::UnimplementedError(
      value.IsNil() ? std::string("invalid value; expected *template.sample")
                    : fmt::format("wrong type for value; expected *template.sample; got {}",
                                  TypeName(value)));
}
StatusOr<std::string> SampleLabel(const Value& sample, std::string_view name) {
  const Object* labels = TRY(SampleArg(sample))->Find("Labels")->AsObject();
  const Value* label = labels != nullptr ? labels->Find(name) : nullptr;
  return label != nullptr && label->AsString() != nullptr ? *label->AsString() : std::string();
}

StatusOr<Value> First(Args args) {
  TRY(CheckCount(args, 1));
  const List* list = TRY(ListArg(args[0]));
  if (list->empty()) return InvalidArgument("first() called on vector with no elements");
  return list->front();
}
StatusOr<Value> Label(Args args) {
  TRY(CheckCount(args, 2));
  return Value(TRY(SampleLabel(args[1], TRY(StringArg(args[0])))));
}
StatusOr<Value> SampleValue(Args args) {
  TRY(CheckCount(args, 1));
  const Value* value = TRY(SampleArg(args[0]))->Find("Value");
  return value != nullptr ? *value : Value(0.0);
}
StatusOr<Value> StrValue(Args args) {
  TRY(CheckCount(args, 1));
  return Value(TRY(SampleLabel(args[0], "__value__")));
}
StatusOr<Value> SortByLabel(Args args) {
  TRY(CheckCount(args, 2));
  const std::string name = TRY(StringArg(args[0]));
  std::vector<std::pair<std::string, Value>> keyed;
  for (const Value& sample : *TRY(ListArg(args[1]))) {
    keyed.emplace_back(TRY(SampleLabel(sample, name)), sample);
  }
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  List sorted;
  for (auto& [key, sample] : keyed) sorted.push_back(std::move(sample));
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
  if (text[0] == '[') {
    if (text.find(']') + 1 != colon) return false;
    *host = text.substr(1, colon - 2);
    return true;
  }
  *host = text.substr(0, colon);
  return host->find(':') == std::string::npos;
}
bool IsIpAddress(std::string_view host) {
  if (host.find(':') != std::string_view::npos) {
    return host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  const auto parts = Split(host, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           const auto number = ParseInt(part);
           return part.size() <= 3 && number.ok() && *number >= 0 && *number <= 255;
         });
}
StatusOr<Value> StripPort(Args args) {
  TRY(CheckCount(args, 1));
  const std::string text = TRY(StringArg(args[0]));
  std::string host;
  std::string port;
  return Value(SplitHostPort(text, &host, &port) ? host : text);
}
StatusOr<Value> StripDomain(Args args) {
  TRY(CheckCount(args, 1));
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

StatusOr<Value> UrlQueryEscape(Args args) {
  TRY(CheckCount(args, 1));
  return Value(UrlEncodeQuery(TRY(StringArg(args[0]))));
}
StatusOr<Value> GraphLink(Args args) {
  TRY(CheckCount(args, 1));
  return Value(fmt::format("/graph?g0.expr={}&g0.tab=0", UrlEncodeQuery(TRY(StringArg(args[0])))));
}
StatusOr<Value> TableLink(Args args) {
  TRY(CheckCount(args, 1));
  return Value(fmt::format("/graph?g0.expr={}&g0.tab=1", UrlEncodeQuery(TRY(StringArg(args[0])))));
}

}  // namespace

const FunctionMap& PrometheusFunctions() {
  static const FunctionMap kFunctions = {
      {"args", ArgsFunction},
      {"first", First},
      {"graphLink", GraphLink},
      {"humanize", HumanizeFunction},
      {"humanize1024", Humanize1024Function},
      {"humanizeDuration", HumanizeDurationFunction},
      {"humanizePercentage", HumanizePercentageFunction},
      {"humanizeTimestamp", HumanizeTimestampFunction},
      {"label", Label},
      {"match", MatchFunction},
      {"parseDuration", ParseDurationFunction},
      {"reReplaceAll", ReReplaceAllFunction},
      {"safeHtml", SafeHtmlFunction},
      {"sortByLabel", SortByLabel},
      {"stripDomain", StripDomain},
      {"stripPort", StripPort},
      {"strvalue", StrValue},
      {"tableLink", TableLink},
      {"title", TitleFunction},
      {"toDuration", ToDurationFunction},
      {"toLower", ToLowerFunction},
      {"toTime", ToTimeFunction},
      {"toUpper", ToUpperFunction},
      {"urlQueryEscape", UrlQueryEscape},
      {"value", SampleValue},
  };
  return kFunctions;
}

}  // namespace outrider::tmpl
