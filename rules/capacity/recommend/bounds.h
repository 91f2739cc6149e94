// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outrider {

// Cores or bytes.
struct Bounds {
  double target = 0;  // what to request
  double lower = 0;   // a request below this is too small
  double upper = 0;   // a request above this is too large
  double limit = 0;   // what to set as limit, where limits are wanted
};

}  // namespace outrider
