// SPDX-License-Identifier: Apache-2.0
// Java heaps by container. A heap is several pools (label `id`), and a pool may be told by several
// series (two scrapers, the machine before a restart): each counts once, as its largest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace outrider {

// Not thread-safe.
class JavaHeaps {
 public:
  // A number of the series, until Leave().
  uint32_t Admit(uint32_t container, std::string_view pool, bool is_max);
  uint32_t ContainerOf(uint32_t number) const { return series_[number].container; }
  // Bytes; not above 0: it has none, or its series ended.
  void Tell(uint32_t number, double bytes) { series_[number].bytes = bytes; }
  void Leave(uint32_t number);

  struct Size {
    double max = 0;        // bytes; 0: not known
    double committed = 0;  // the same
    friend bool operator==(const Size&, const Size&) = default;
  };
  Size Of(uint32_t container) const;

 private:
  struct Series {
    uint32_t container = 0;
    bool is_max = false;  // else what is committed
    double bytes = 0;
    std::string pool;
  };
  std::vector<Series> series_;
  std::vector<uint32_t> free_;
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> by_container_;
};

}  // namespace outrider
