// SPDX-License-Identifier: Apache-2.0
// Secrets that nobody guesses.
#pragma once

#include <string>

#include "storage/base/random.h"

namespace outrider {

// 32 random bytes as 64 hex digits.
std::string RandomSecret(Random& random);

}  // namespace outrider
