// SPDX-License-Identifier: Apache-2.0
// Go's fmt for template values: Sprintf's verbs and flags, and what print and {{ }} write.
// Source: specs/prometheus.md §4; Go's fmt documentation.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "rules/template/value.h"

namespace outrider::tmpl {

// Bad verbs and counts give Go's texts: %!d(string=x), %!s(MISSING), %!(EXTRA int=1), %!(NOVERB).
// Widths and precisions over a million are refused, as in Go.
std::string Sprintf(std::string_view format, std::span<const Value> args);
// All of them stop at kMaxFormatted (format_spec.h), which the interpreter refuses.
// Operands are separated by a blank where neither is a string.
std::string Sprint(std::span<const Value> args);
// Always separated by blanks, with a newline at the end.
std::string Sprintln(std::span<const Value> args);
// %v; nil inside of a list or map is <nil>.
std::string FormatValue(const Value& value);
// What an action writes: as FormatValue, but a nil itself is <no value>.
std::string PrintableText(const Value& value);

}  // namespace outrider::tmpl
