// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/sum_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "rules/promql/block.h"

namespace outrider::promql {
namespace {

// Without a comparison of 64-bit numbers, which older processors have for one at a time only: the
// top bit of `all` stays set while every value differs from kAbsent.
bool HasAbsent(std::span<const double> row) {
  const double* const values = row.data();
  const size_t count = row.size();
  uint64_t all = ~uint64_t{0};
  for (size_t i = 0; i < count; ++i) {
    const uint64_t differs = std::bit_cast<uint64_t>(values[i]) ^ kStaleNanBits;
    all &= differs | (0 - differs);
  }
  return all >> 63 == 0;
}

// KahanSum::Add without a branch, number by number.
void AddToEach(std::span<const double> row, double* sums, double* lost) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  const double* const values = row.data();
  const size_t count = row.size();
  for (size_t i = 0; i < count; ++i) {
    const double v = values[i];
    const double sum = sums[i];
    const double next = sum + v;
    const double of_value = (sum - next) + v;
    const double of_sum = (v - next) + sum;
    const double more = lost[i] + (std::fabs(sum) >= std::fabs(v) ? of_value : of_sum);
    lost[i] = std::fabs(next) > kLargest ? 0 : more;
    sums[i] = next;
  }
}

}  // namespace

void SumRow::Add(std::span<const double> row, size_t at) {
  if (!HasAbsent(row)) {  // as rows mostly are
    AddToEach(row, sums_.data() + at, lost_.data() + at);
    std::fill_n(present_.data() + at, row.size(), static_cast<unsigned char>(1));
    return;
  }
  for (size_t i = 0; i < row.size(); ++i) {
    if (IsAbsent(row[i])) continue;
    AddToEach(row.subspan(i, 1), sums_.data() + at + i, lost_.data() + at + i);
    present_[at + i] = 1;
  }
}

double SumRow::ValueAt(size_t i) const {
  return present_[i] != 0 ? KahanSum{sums_[i], lost_[i]}.Value() : kAbsent;
}

}  // namespace outrider::promql
