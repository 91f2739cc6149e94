// SPDX-License-Identifier: Apache-2.0
// A chunk that is complete: its bytes never change again.
#pragma once

#include <cstdint>
#include <span>

#include "storage/base/clock.h"
#include "storage/window/chunk_float.h"

namespace outrider {

// How a chunk's bytes are to be read. Numbers stand in chunk files: never reuse one. 0 was the
// float codec before steps between numbers.
enum class ChunkEncoding : uint8_t { kHistogram = 1, kFloat = 2 };

// Tells one late chunk of a series from the others.
struct ChunkName {
  Timestamp start = 0;
  Timestamp end = 0;
  uint16_t count = 0;
  friend bool operator==(const ChunkName&, const ChunkName&) = default;
};

// What is known of a chunk that somebody else holds.
struct ChunkView {
  std::span<const uint8_t> data;
  uint16_t count = 0;
  ChunkEncoding encoding = ChunkEncoding::kFloat;
  bool persisted = false;  // stands in a chunk file
  Timestamp start = 0;
  Timestamp end = 0;

  std::span<const uint8_t> bytes() const { return data; }
};

struct SealedChunk {
  ChunkBytes data;
  uint32_t size = 0;  // bytes
  uint16_t count = 0;
  ChunkEncoding encoding = ChunkEncoding::kFloat;
  bool persisted = false;  // stands in a chunk file
  Timestamp start = 0;
  Timestamp end = 0;

  ChunkName name() const { return {start, end, count}; }
  std::span<const uint8_t> bytes() const { return {data.get(), size}; }
  ChunkView view() const {
    return {.data = bytes(),
            .count = count,
            .encoding = encoding,
            .persisted = persisted,
            .start = start,
            .end = end};
  }
};

}  // namespace outrider
