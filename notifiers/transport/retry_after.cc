// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include <algorithm>

#include "notifiers/transport/http_client.h"
#include "storage/base/text.h"

namespace outrider {

int64_t ParseRetryAfter(std::string_view value, Nanos now) {
  const std::string text(Trim(value));
  if (text.empty()) return 0;
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    const auto seconds = ParseInt(text);
    // Too many digits for a number: very long.
    return seconds.ok() ? std::min<int64_t>(*seconds, kHour / kSecond) * kSecond : kHour;
  }
  const time_t date = curl_getdate(text.c_str(), nullptr);
  if (date < 0) return 0;
  const int64_t wait = static_cast<int64_t>(date) * kSecond - now / kNanosPerMilli;
  return std::clamp<int64_t>(wait, 0, kHour);
}

}  // namespace outrider
