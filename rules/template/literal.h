// SPDX-License-Identifier: Apache-2.0
// Literals of templates: Go's numbers and characters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

struct Number {
  Value value;                     // an int or a float
  std::optional<int64_t> integer;  // what an int parameter takes: 1e3 is one too
  bool overflow = false;           // an integer that only an unsigned one holds
};

// 12, 0x1F, 0b101, 0o17, 017, 1_000, 1.5, 1e3, 0x1p-2 with their signs; complex numbers are
// refused.
StatusOr<Number> ParseNumber(const std::string& text);
// 'x', '\n', '\u20ac' with its quotes: the code point.
StatusOr<Number> ParseCharacter(const std::string& text);

}  // namespace outrider::tmpl
