// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/password.h"

#include <crypt.h>
#include <fmt/format.h>

#include <array>
#include <memory>

namespace outrider {
namespace {

constexpr size_t kMaxPassword = 72;
constexpr size_t kHashLength = 60;  // $2b$10$ and 53 characters

bool IsHashDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '/';
}

std::string Crypt(const std::string& password, const std::string& setting) {
  // 32 KiB: too much for a stack.
  const auto data = std::make_unique<crypt_data>();
  const char* hash = crypt_r(password.c_str(), setting.c_str(), data.get());
  return hash == nullptr || hash[0] == '*' ? "" : hash;
}

}  // namespace

bool IsBcryptHash(std::string_view text) {
  if (text.size() != kHashLength || !text.starts_with("$2") || text[3] != '$' || text[6] != '$') {
    return false;
  }
  if (text[2] != 'a' && text[2] != 'b' && text[2] != 'y') return false;
  if (text[4] < '0' || text[4] > '3' || text[5] < '0' || text[5] > '9') return false;
  const int cost = (text[4] - '0') * 10 + (text[5] - '0');
  if (cost < 4 || cost > 31) return false;
  for (const char c : text.substr(7)) {
    if (!IsHashDigit(c)) return false;
  }
  return true;
}

bool PasswordFits(const std::string& password, const std::string& hash) {
  if (!IsBcryptHash(hash) || password.find('\0') != std::string::npos) return false;
  const std::string made = Crypt(password, hash);
  if (made.size() != hash.size()) return false;
  unsigned different = 0;  // every character is looked at, whatever the first ones say
  for (size_t i = 0; i < hash.size(); ++i) {
    different |= static_cast<unsigned char>(made[i]) ^ static_cast<unsigned char>(hash[i]);
  }
  return different == 0;
}

StatusOr<std::string> HashPassword(const std::string& password, int cost, Random& random) {
  if (password.empty()) return InvalidArgument("an empty password is no password");
  if (password.size() > kMaxPassword) {
    return InvalidArgument(
        fmt::format("bcrypt looks at the first {} bytes only: a shorter "
                    "password is wanted",
                    kMaxPassword));
  }
  if (password.find('\0') != std::string::npos) {
    return InvalidArgument("a password must not hold a zero byte");
  }
  if (cost < 4 || cost > 31) return InvalidArgument("the cost must lie in 4..31");
  std::array<char, 16> salt = {};
  for (size_t i = 0; i < salt.size(); i += 8) {
    const uint64_t bits = random.Next();
    for (size_t k = 0; k < 8; ++k) salt[i + k] = static_cast<char>(bits >> (8 * k) & 0xff);
  }
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting = {};
  if (crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost), salt.data(),
                       static_cast<int>(salt.size()), setting.data(),
                       static_cast<int>(setting.size())) == nullptr) {
    return Internal("libcrypt does not know bcrypt");
  }
  std::string hash = Crypt(password, setting.data());
  if (!IsBcryptHash(hash)) return Internal("libcrypt did not hash the password");
  return hash;
}

}  // namespace outrider
