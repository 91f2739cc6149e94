// SPDX-License-Identifier: Apache-2.0
// The difference of two texts as patch(1) takes it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace outrider {

// Unified format with three lines of context, "" for equal texts. `from` and `to` name them in the
// head. Lines are compared by Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986); texts
// that differ in more than some thousand lines are told as one block.
std::string UnifiedDiff(std::string_view old_text, std::string_view new_text, std::string_view from,
                        std::string_view to);

}  // namespace outrider
