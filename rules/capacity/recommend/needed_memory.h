// SPDX-License-Identifier: Apache-2.0
// Of a container's file cache a quarter counts as needed: the rest can be given back. Pure.
#pragma once

namespace outrider {

// Bytes. `resident`: without file cache; not above 0: not known, all of it is needed.
inline double NeededMemory(double working_set, double resident) {
  constexpr double kCacheShare = 0.25;
  if (!(resident > 0) || resident >= working_set) return working_set;
  return resident + kCacheShare * (working_set - resident);
}

}  // namespace outrider
