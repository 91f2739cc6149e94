// SPDX-License-Identifier: Apache-2.0
// Is an expression nothing but a vector selector, so that its raw samples can be read instead of
// evaluating it?
#pragma once

#include <string_view>

namespace outrider {

// `canonical` is Expression::ToString() of an instant vector: `name`, `name{…}` or `{…}` and
// nothing around it (no offset, no @).
bool IsPlainSelector(std::string_view canonical);

}  // namespace outrider
