// SPDX-License-Identifier: Apache-2.0
// Vectors with one element for each of very many things, which hardly become fewer: doubled, such a
// one has room for a third too many on average, which nobody uses for a day.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace outrider {

// Makes room for `more` elements, and an eighth beyond if there is not.
template <typename T>
void ReserveMore(std::vector<T>* vector, size_t more) {
  const size_t wanted = vector->size() + more;
  if (wanted > vector->capacity()) vector->reserve(wanted + wanted / 8);
}

// Gives back the room of what was there once.
template <typename T>
void GiveBackRoom(std::vector<T>* vector) {
  constexpr size_t kWorthIt = 1024;
  if (vector->capacity() > 2 * vector->size() + kWorthIt) vector->shrink_to_fit();
}

}  // namespace outrider
