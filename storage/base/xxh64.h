// SPDX-License-Identifier: Apache-2.0
// XXH64, the older of the family: for agreeing with others, not for tables of ours (hash.h).
#pragma once

#include <cstdint>
#include <string_view>

namespace outrider {

uint64_t Xxh64(std::string_view bytes);

}  // namespace outrider
