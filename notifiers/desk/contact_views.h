// SPDX-License-Identifier: Apache-2.0
// What the desk shows of people's contact methods.
#pragma once

#include <string>

#include "storage/base/clock.h"

namespace outrider {

struct ContactView {
  std::string integration;  // "email[0]"
  Nanos verified_at = 0;    // 0: not, or for another address than it has now
  bool usable = false;      // a page would be sent there
};

}  // namespace outrider
