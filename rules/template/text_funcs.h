// SPDX-License-Identifier: Apache-2.0
// Functions that Prometheus and Alertmanager both give to templates.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

StatusOr<Value> ToUpperFunction(std::span<const Value> args);
StatusOr<Value> ToLowerFunction(std::span<const Value> args);
StatusOr<Value> TitleFunction(std::span<const Value> args);         // first letter of each word
StatusOr<Value> MatchFunction(std::span<const Value> args);         // pattern, text: unanchored
StatusOr<Value> ReReplaceAllFunction(std::span<const Value> args);  // pattern, replacement, text
StatusOr<Value> SafeHtmlFunction(std::span<const Value> args);
StatusOr<Value> HumanizeDurationFunction(std::span<const Value> args);

}  // namespace outrider::tmpl
