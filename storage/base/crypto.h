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
// 20 raw bytes; only where others sign with it.
std::string HmacSha1(std::string_view key, std::string_view message);
// Whether two secrets are the same, in a time that does not tell where they differ.
bool SameSecret(std::string_view a, std::string_view b);
// RSASSA-PKCS1-v1_5 of the message with SHA-256, -384 or -512 (`bits`); "" for a key that is no
// RSA key in PEM.
std::string SignRsa(std::string_view private_key_pem, int bits, std::string_view message);

}  // namespace outrider
