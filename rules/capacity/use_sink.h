// SPDX-License-Identifier: Apache-2.0
// Where points of use go, whatever series they come from.
#pragma once

#include <cstdint>
#include <span>

#include "storage/model/sample.h"

namespace outrider {

enum class UseKind : uint8_t { kCpu, kMemory };  // cores, bytes

// A container's number and new points of it, in order of time, each once.
class UseSink {
 public:
  virtual ~UseSink() = default;
  virtual void OnUse(uint32_t container, UseKind kind, std::span<const Sample> points) = 0;
  // OnUse() comes soon for this container: twice, the second time nearer.
  enum class Near : uint8_t { kNear, kNext };
  virtual void Prefetch(uint32_t /*container*/, UseKind /*kind*/, Near /*near*/) const {}
};

}  // namespace outrider
