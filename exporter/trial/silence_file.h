// SPDX-License-Identifier: Apache-2.0
// Silences of a back-test, as GET /api/v2/silences and `amtool silence query -o json` give them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notifiers/mute/silence.h"
#include "storage/base/status.h"

namespace outrider {

// Errors name the file and which silence.
StatusOr<std::vector<Silence>> ParseSilences(std::string_view text, const std::string& path);

}  // namespace outrider
