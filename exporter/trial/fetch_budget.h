// SPDX-License-Identifier: Apache-2.0
// What a source may send for one Fetch, all its answers together: what they hold is in memory until
// the block is evaluated.
#pragma once

#include <fmt/format.h>

#include <cstdint>

#include "storage/base/status.h"

namespace outrider {

struct FetchLimits {
  uint64_t bytes = uint64_t{4} << 30;
  uint64_t samples = 200'000'000;
};

class FetchBudget {
 public:
  explicit FetchBudget(const FetchLimits& limits) : limits_(limits) {}

  void Count(uint64_t bytes, uint64_t samples) {
    used_.bytes += bytes;
    used_.samples += samples;
  }
  // Before each request. ResourceExhausted: at the limit.
  Status Check() const {
    if (used_.bytes < limits_.bytes && used_.samples < limits_.samples) return {};
    return absl::ResourceExhaustedError(
        fmt::format("the source sent {} samples and {} bytes for one block, of at most {} and {}; "
                    "--block makes "
                    "blocks smaller",
                    used_.samples, used_.bytes, limits_.samples, limits_.bytes));
  }

 private:
  const FetchLimits limits_;
  FetchLimits used_ = {.bytes = 0, .samples = 0};
};

}  // namespace outrider
