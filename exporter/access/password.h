// SPDX-License-Identifier: Apache-2.0
// Passwords as bcrypt hashes, by libcrypt; password.cc is its only includer. A check costs tens of
// milliseconds of CPU (cost 10): see PasswordChecker.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/random.h"
#include "storage/base/status.h"

namespace outrider {

// $2a$, $2b$ or $2y$, a cost of 4 to 31, and 53 characters of salt and hash.
bool IsBcryptHash(std::string_view text);
// False for a hash that is none. Takes its time.
bool PasswordFits(const std::string& password, const std::string& hash);
// InvalidArgument: empty, longer than the 72 bytes that bcrypt looks at, with a zero byte, or a
// cost outside of 4..31.
StatusOr<std::string> HashPassword(const std::string& password, int cost, Random& random);

}  // namespace outrider
