// SPDX-License-Identifier: Apache-2.0
// Text messages: the GSM 7-bit alphabet (3GPP TS 23.038) fits 160 characters into a segment, or 153
// of several; anything else is UCS-2 with 70 or 67. One foreign character makes a whole message
// UCS-2, so look-alikes are worth their while.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outrider {

// Quotes, dashes, letters with accents and the like in the alphabet's spelling; pictures left out.
// A text that cannot be spelled so keeps what has no likeness.
std::string SpellInGsm7(std::string_view text);

// Length in 7-bit units (^{}\[~]| and the euro take two); nothing when it does not fit.
std::optional<size_t> Gsm7Units(std::string_view text);
// How many segments the text takes.
size_t SmsSegments(std::string_view text);

// At most that many segments and 1600 characters; where something is cut it ends with "...".
std::string CutSms(std::string text, size_t segments);

}  // namespace outrider
