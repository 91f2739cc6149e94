// SPDX-License-Identifier: Apache-2.0
// The operators </ and >/ on a native histogram.
#pragma once

#include "storage/model/native_histogram.h"

namespace outrider::promql {

enum class Trim { kUpper, kLower };  // what goes: observations above, or below

// Takes out what lies beyond `bound`; of the bucket around it the part that interpolation says.
// Count and sum are estimated anew if anything went. A bucket without a finite width stays or goes
// as a whole.
void TrimHistogram(double bound, Trim trim, NativeHistogram* histogram);

}  // namespace outrider::promql
