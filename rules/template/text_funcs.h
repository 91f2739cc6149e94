// SPDX-License-Identifier: Apache-2.0
// Functions that Prometheus and Alertmanager both give to templates.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

// Function::steps of the two functions below that compile a regular expression, their first
// argument: more with repetitions, which are written out.
size_t RegexWork(std::span<const Value> args);

StatusOr<Value> ToUpperFunction(std::span<const Value> args);
StatusOr<Value> ToLowerFunction(std::span<const Value> args);
// The first letter of each word in upper case: the rest as it is (Prometheus), or in lower case
// (Alertmanager).
StatusOr<Value> TitleFunction(std::span<const Value> args);
StatusOr<Value> TitleCaseFunction(std::span<const Value> args);
StatusOr<Value> MatchFunction(std::span<const Value> args);         // pattern, text: unanchored
StatusOr<Value> ReReplaceAllFunction(std::span<const Value> args);  // pattern, replacement, text
StatusOr<Value> SafeHtmlFunction(std::span<const Value> args);
StatusOr<Value> HumanizeDurationFunction(std::span<const Value> args);

}  // namespace outrider::tmpl
