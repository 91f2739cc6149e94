// SPDX-License-Identifier: Apache-2.0
// Kubernetes' resource quantities, exactly: 500m, 1.5, 1e3, 64Mi, 2G, 100u, 1n, 500m of memory
// (milli-bytes). Source: the grammar of resource.Quantity; defects of specs/source_systems.md §1.7
// (1.5m, 100u, 1n, 2k, 1e3, Pi and Ei read as 0; m of memory as megabytes) are not repeated.
#pragma once

#include <string_view>

#include "rules/pricing/money.h"
#include "storage/base/status.h"

namespace outrider {

// In the unit itself: cores or bytes. Digits beyond the 12th behind the point are rounded half-up.
// InvalidArgument for anything else; a number out of Decimal's range too.
StatusOr<Decimal> ParseQuantity(std::string_view text);
// Bytes as GiB of 2^30.
StatusOr<Decimal> ParseMemoryGib(std::string_view text);

}  // namespace outrider
