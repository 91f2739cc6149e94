// SPDX-License-Identifier: Apache-2.0
// Cutting texts to what a far side takes. Source: specs/alertmanager.md §2 "Truncation".
#pragma once

#include <string>

namespace outrider {

// At most `limit` code points; where something is cut the last one is "…" (none below a limit of
// 4).
std::string TruncateRunes(std::string text, size_t limit);

// At most `limit` bytes, cut between code points; where something is cut it ends with "…", whose
// three bytes count. Only dots, or nothing but "…", below a limit of 4.
std::string TruncateBytes(std::string text, size_t limit);

}  // namespace outrider
