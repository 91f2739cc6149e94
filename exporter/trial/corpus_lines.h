// SPDX-License-Identifier: Apache-2.0
// The lines of a corpus file: a header, then a point each.
#pragma once

#include <string>
#include <string_view>

#include "fmt/format.h"
#include "storage/base/status.h"
#include "storage/base/text.h"

namespace outrider {

// The place of a mistake and what it is.
inline Status LineError(const std::string& path, size_t line, size_t column,
                        const std::string& what) {
  return InvalidArgument(fmt::format("{}:{}:{}: {}", path, line, column, what));
}

// Calls `take(line, number)` for each line behind the header; its first error ends it. Empty lines
// are passed over, lines may end in CR LF. `number` receives that of the last line.
template <typename Take>
Status TakeCorpusLines(std::string_view text, const std::string& path, std::string_view header,
                       Take take, size_t* number) {
  *number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++*number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (*number == 1 && line != header) {
      return LineError(path, 1, 1, fmt::format("expected the header {}", header));
    }
    if (*number > 1 && !line.empty()) TRY(take(line, *number));
  }
  return absl::OkStatus();
}

}  // namespace outrider
