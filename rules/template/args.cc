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

StatusOr<std::string> StringArg(const Value& value) { return Take<std::string>("string", value); }
StatusOr<int64_t> IntArg(const Value& value) { return Take<int64_t>("int", value); }
StatusOr<Time> TimeArg(const Value& value) { return Take<Time>("time.Time", value); }
StatusOr<Duration> DurationArg(const Value& value) {
  return Take<Duration>("time.Duration", value);
}
StatusOr<const List*> ListArg(const Value& value) {
  static const List kEmpty;
  if (value.IsNil()) return &kEmpty;
  if (const List* list = value.AsList()) return list;
  return WrongType("[]interface {}", value);
}

}  // namespace outrider::tmpl
