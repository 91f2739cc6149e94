// SPDX-License-Identifier: Apache-2.0
// A time out of a saved state: what no sample can have becomes 0, so that differences cannot
// overflow.
#pragma once

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

inline Timestamp ReadSavedTime(RowReader& in) {
  constexpr Timestamp kFarthest = Timestamp{1} << 60;
  const Timestamp time = in.I64();
  return time > -kFarthest && time < kFarthest ? time : 0;
}

}  // namespace outrider
