// SPDX-License-Identifier: Apache-2.0
// Paths whose requests prove themselves: links in messages carry a signed token, callbacks of
// Slack, Telegram and Twilio a signature. They need neither a user nor this machine, and a page of
// another site cannot make either up.
#pragma once

#include <string_view>

namespace outrider {

inline constexpr std::string_view kAnswerPath = "/outrider/v1/a/";
inline constexpr std::string_view kCallbackPath = "/outrider/v1/callbacks/";

inline bool BringsOwnProof(std::string_view path) {
  return path.starts_with(kAnswerPath) || path.starts_with(kCallbackPath);
}

}  // namespace outrider
