// SPDX-License-Identifier: Apache-2.0
// What a request says of its caller: an Authorization header or the cookie of a session. Pure.
#pragma once

#include <string>
#include <string_view>

#include "exporter/http/server.h"

namespace outrider {

inline constexpr std::string_view kSessionCookie = "outrider_session";

struct Credentials {
  enum class Kind { kNone, kBasic, kToken, kSession, kUnreadable };
  Kind kind = Kind::kNone;
  std::string name;    // of kBasic
  std::string secret;  // password, token, or session
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// `Basic` (RFC 7617) or `Bearer` (RFC 6750), in any case. Another scheme or a header that cannot be
// read is kUnreadable; an empty one kNone.
Credentials ParseAuthorization(std::string_view header);
// The value of a cookie in a Cookie header (RFC 6265), "" when it is not there; the first counts.
std::string FindCookie(std::string_view header, std::string_view name);
// The header counts before the cookie.
Credentials CredentialsOf(const HttpRequest& request);

}  // namespace outrider
