// SPDX-License-Identifier: Apache-2.0
#include "storage/state/number_rows.h"

#include <bit>

namespace outrider {

// Double() is the one field of a row that is eight bytes wide, big endian, whatever it means.
void WriteNumbers(const NumberSet& numbers, RowWriter* out) {
  out->U64(numbers.size());
  for (const uint64_t number : numbers) out->Double(std::bit_cast<double>(number));
}

NumberSet ReadNumbers(RowReader* in) {
  std::vector<uint64_t> numbers;
  const uint64_t count = in->Count();
  numbers.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    const auto number = std::bit_cast<uint64_t>(in->Double());
    if (!numbers.empty() && number <= numbers.back()) {
      in->Fail();
      return {};
    }
    numbers.push_back(number);
  }
  return NumberSet::FromSorted(numbers);
}

}  // namespace outrider
