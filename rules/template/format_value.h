// SPDX-License-Identifier: Apache-2.0
// One value under one verb, nested ones included. Part of format_verb.h.
#pragma once

#include <string>

#include "rules/template/format_spec.h"
#include "rules/template/value.h"

namespace outrider::tmpl {

// As Go's fmt prints the value; a verb that does not fit gives %!d(string=x).
void PrintValue(const FormatSpec& spec, const Value& value, std::string* out);
// As an action writes it: %v of what a pointer points to.
void PrintPointedTo(const Value& value, std::string* out);

}  // namespace outrider::tmpl
