// SPDX-License-Identifier: Apache-2.0
// Arguments of template functions: checks that give Go's error texts. exec.cc tells these errors
// from a function's own ones by their code: OutOfRange = wrong count, Unimplemented = wrong type.
#pragma once

#include <span>
#include <string>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

inline constexpr size_t kAnyCount = static_cast<size_t>(-1);

// Between `min` and `max` arguments; max == kAnyCount means any number from `min`.
Status CheckCount(std::span<const Value> args, size_t min, size_t max);
inline Status CheckCount(std::span<const Value> args, size_t count) {
  return CheckCount(args, count, count);
}
// The argument as a parameter of Go's type string (also template.HTML), int, list or time.Time.
StatusOr<std::string> StringArg(const Value& value);
StatusOr<int64_t> IntArg(const Value& value);
StatusOr<const List*> ListArg(const Value& value);
StatusOr<Time> TimeArg(const Value& value);
StatusOr<Duration> DurationArg(const Value& value);

}  // namespace outrider::tmpl
