// SPDX-License-Identifier: Apache-2.0
// A template value as JSON with the escapes of Go's encoding/json.
#pragma once

#include <string>

#include "rules/template/value.h"

namespace outrider::tmpl {

inline constexpr size_t kMaxJson = 2U << 20;

// Stops soon after `limit` bytes: the interpreter refuses what is that large.
std::string ToJsonText(const Value& value, size_t limit = kMaxJson);

}  // namespace outrider::tmpl
