// SPDX-License-Identifier: Apache-2.0
// Digests through libcrypto; crypto.cc is its only includer.
#pragma once

#include <string>
#include <string_view>

namespace outrider {

std::string Sha256(std::string_view bytes);     // 32 raw bytes
std::string Sha256Hex(std::string_view bytes);  // 64 lower-case hex digits
std::string Md5(std::string_view bytes);  // 16 raw bytes; for agreeing with others, not a secret
std::string HmacSha256(std::string_view key, std::string_view message);  // 32 raw bytes

}  // namespace outrider
