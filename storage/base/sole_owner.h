// SPDX-License-Identifier: Apache-2.0
// Copy on write without a copy where nobody else has it.
#pragma once

#include <memory>

namespace outrider {

// Whether what it points to may be changed where it stands. Nobody may copy `pointer` meanwhile:
// the caller has the lock under which that is done.
template <typename T>
bool IsSoleOwner(const std::shared_ptr<T>& pointer) {
  if (pointer.use_count() != 1) return false;
  // Who had it last, on another thread, has read all of it before this: our change of the count is
  // behind theirs.
  std::shared_ptr<T>(pointer).reset();
  return true;
}

}  // namespace outrider
