// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/truncate.h"

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kMarker = "…";

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

std::string TruncateRunes(std::string text, size_t limit) {
  if (RuneCount(text) <= limit) return text;
  if (limit <= 3) return std::string(RunePrefix(text, limit));
  return std::string(RunePrefix(text, limit - 1)) + "…";
}

std::string TruncateBytes(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  if (limit < kMarker.size()) return std::string(limit, '.');
  size_t keep = limit - kMarker.size();
  while (keep > 0 && IsContinuation(text[keep])) --keep;
  text.resize(keep);
  return text.append(kMarker);
}

}  // namespace outrider
