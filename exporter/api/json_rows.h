// SPDX-License-Identifier: Apache-2.0
// A JSON array that is produced piece by piece, so that a large one is never built as one text.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/json.h"

namespace outrider {

using JsonPieces = std::function<bool(std::string* piece)>;

// Appends `[`, then some rows a call, then `]` with the last (which returns false). `write(row,
// JsonWriter*)` writes one value.
template <typename T, typename Write>
JsonPieces JsonRows(std::vector<T> rows, Write write) {
  constexpr size_t kRowsAPiece = 128;
  auto shared = std::make_shared<const std::vector<T>>(std::move(rows));
  return [shared, write = std::move(write), next = size_t{0}](std::string* out) mutable {
    if (next == 0) *out += '[';
    const size_t end = std::min(shared->size(), next + kRowsAPiece);
    for (; next < end; ++next) {
      if (next > 0) *out += ',';
      JsonWriter json(out);
      write((*shared)[next], &json);
    }
    if (next < shared->size()) return true;
    *out += ']';
    return false;
  };
}

}  // namespace outrider
