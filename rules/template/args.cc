// SPDX-License-Identifier: Apache-2.0
#include "rules/template/args.h"

#include <fmt/format.h>

namespace outrider::tmpl {
namespace {

Status WrongType(const char* expected, const Value& value) {
  if (value.IsNil()) {
    return absl::UnimplementedError(fmt::format("invalid value; expected {}", expected));
  }
  return absl::UnimplementedError(
      fmt::format("wrong type for value; expected {}; got {}", expected, TypeName(value)));
}

template <typename T>
StatusOr<T> Take(const char* expected, const Value& value) {
  if (const T* v = std::get_if<T>(&value.data())) return *v;
  return WrongType(expected, value);
}

}  // namespace

Status CheckCount(std::span<const Value> args, size_t min, size_t max) {
  if (args.size() >= min && (max == kAnyCount || args.size() <= max)) return absl::OkStatus();
  return absl::OutOfRangeError(fmt::format("want {}{} got {}", max == min ? "" : "at least ",
                                           args.size() < min ? min : max, args.size()));
}

StatusOr<std::string> StringArg(const Value& value) {
  if (const auto* safe = std::get_if<SafeHtml>(&value.data())) return safe->html;
  return Take<std::string>("string", value);
}
StatusOr<int64_t> IntArg(const Value& value) { return Take<int64_t>("int", value); }
StatusOr<Time> TimeArg(const Value& value) { return Take<Time>("time.Time", value); }
StatusOr<Duration> DurationArg(const Value& value) {
  if (const auto* nanos = std::get_if<int64_t>(&value.data())) return Duration{*nanos};
  return Take<Duration>("time.Duration", value);
}
StatusOr<const List*> ListArg(const Value& value) {
  if (const List* list = value.AsList()) return list;
  return WrongType("[]interface {}", value);
}

}  // namespace outrider::tmpl
