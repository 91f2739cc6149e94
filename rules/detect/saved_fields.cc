// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/saved_fields.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

namespace outrider {

void PutFloats(RowWriter& out, std::span<const float> values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(float));
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(bits >> shift));
  }
  out.Text(bytes);
}

void TakeFloats(RowReader& in, std::span<float> values) {
  const std::string bytes = in.Text();
  bool good = bytes.size() == values.size() * sizeof(float);
  for (size_t i = 0; good && i < values.size(); ++i) {
    uint32_t bits = 0;
    for (size_t k = 0; k < sizeof(float); ++k) {
      bits |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i * sizeof(float) + k])) << (8 * k);
    }
    values[i] = std::bit_cast<float>(bits);
    good = std::isfinite(values[i]);
  }
  if (good) return;
  std::ranges::fill(values, 0.0F);
  in.Fail();
}

double TakeFinite(RowReader& in) {
  const double value = in.Double();
  if (std::isfinite(value)) return value;
  in.Fail();
  return 0;
}

double TakeAtLeast(RowReader& in, double smallest) {
  const double value = TakeFinite(in);
  if (value >= smallest) return value;
  in.Fail();
  return smallest;
}

uint64_t TakeAtMost(RowReader& in, uint64_t largest) {
  const uint64_t value = in.U64();
  if (value <= largest) return value;
  in.Fail();
  return 0;
}

Timestamp TakeTime(RowReader& in) {
  constexpr Timestamp kFarthest = Timestamp{1} << 60;
  const Timestamp time = in.I64();
  if (time > -kFarthest && time < kFarthest) return time;
  in.Fail();
  return 0;
}

DurationMs TakeDuration(RowReader& in) {
  const DurationMs duration = TakeTime(in);
  if (duration >= 0) return duration;
  in.Fail();
  return 0;
}

}  // namespace outrider
