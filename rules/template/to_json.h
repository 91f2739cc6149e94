// SPDX-License-Identifier: Apache-2.0
// A template value as JSON with the escapes of Go's encoding/json.
#pragma once

#include <string>

#include "rules/template/value.h"

namespace outrider::tmpl {

std::string ToJsonText(const Value& value);

}  // namespace outrider::tmpl
