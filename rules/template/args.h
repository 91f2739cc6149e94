// SPDX-License-Identifier: Apache-2.0
// Arguments of template functions as C++ values. The types of Function::params are checked before a
// call, so that these fail only for a function without.
#pragma once

#include <span>
#include <string>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

StatusOr<std::string> StringArg(const Value& value);
StatusOr<int64_t> IntArg(const Value& value);
StatusOr<const List*> ListArg(const Value& value);  // nil is an empty one
StatusOr<Time> TimeArg(const Value& value);
StatusOr<Duration> DurationArg(const Value& value);

}  // namespace outrider::tmpl
