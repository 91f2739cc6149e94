// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/credentials.h"

#include <cstdint>
#include <optional>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxHeader = 4096;
Credentials Unreadable() {
  return {.kind = Credentials::Kind::kUnreadable, .name = "", .secret = ""};
}

int DigitValue(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// With or without padding.
std::optional<std::string> Base64Decode(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = DigitValue(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return out;
}

}  // namespace

Credentials ParseAuthorization(std::string_view header) {
  header = Trim(header);
  if (header.empty()) return {};
  if (header.size() > kMaxHeader) return Unreadable();
  const size_t blank = header.find(' ');
  if (blank == std::string_view::npos) return Unreadable();
  const std::string scheme = ToLower(header.substr(0, blank));
  const std::string_view rest = Trim(header.substr(blank));
  if (scheme == "bearer") return {Credentials::Kind::kToken, "", std::string(rest)};
  if (scheme != "basic") return Unreadable();
  const std::optional<std::string> pair = Base64Decode(rest);
  if (!pair) return Unreadable();
  const size_t colon = pair->find(':');
  if (colon == std::string::npos) return Unreadable();
  return {Credentials::Kind::kBasic, pair->substr(0, colon), pair->substr(colon + 1)};
}

std::string FindCookie(std::string_view header, std::string_view name) {
  for (const std::string_view part : Split(header, ';')) {
    const std::string_view cookie = Trim(part);
    const size_t equals = cookie.find('=');
    if (equals == std::string_view::npos || Trim(cookie.substr(0, equals)) != name) continue;
    std::string_view value = Trim(cookie.substr(equals + 1));
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
      value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
  }
  return "";
}

Credentials CredentialsOf(const HttpRequest& request) {
  Credentials given = ParseAuthorization(request.Header("Authorization"));
  if (given.kind != Credentials::Kind::kNone) return given;
  std::string session = FindCookie(request.Header("Cookie"), kSessionCookie);
  if (session.empty()) return {};
  return {Credentials::Kind::kSession, "", std::move(session)};
}

}  // namespace outrider
