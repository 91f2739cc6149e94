// SPDX-License-Identifier: Apache-2.0
// eq and lt of text/template, with its errors for types that do not compare.
#pragma once

#include "rules/template/value.h"
#include "storage/base/status.h"

namespace outrider::tmpl {

StatusOr<bool> ValuesEqual(const Value& a, const Value& b);
StatusOr<bool> ValueLess(const Value& a, const Value& b);

}  // namespace outrider::tmpl
