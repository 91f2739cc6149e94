// SPDX-License-Identifier: Apache-2.0
// Go's literals of numbers and characters as template constants.
#pragma once

#include <string>
#include <string_view>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

// 12, -0x1F, 0b11, 017, 1_000, 1.5, 1e3: an int unless it is written as a float. The error has no
// place.
StatusOr<Value> ParseNumber(const std::string& text);
// 'x', '\n', '\u00e9' with its quotes: the code point as an int.
StatusOr<Value> ParseCharacter(const std::string& text);

}  // namespace outrider::tmpl
