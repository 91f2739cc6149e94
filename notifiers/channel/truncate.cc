// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/truncate.h"

#include "storage/base/text.h"

namespace outrider {

std::string TruncateRunes(std::string text, size_t limit) {
  if (RuneCount(text) <= limit) return text;
  if (limit <= 3) return std::string(RunePrefix(text, limit));
  return std::string(RunePrefix(text, limit - 1)) + "…";
}

}  // namespace outrider
