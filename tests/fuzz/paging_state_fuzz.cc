// SPDX-License-Identifier: Apache-2.0
// Rows of Family::kPaging: no bytes may crash, and what reads must be written the same way.
#include <cstdlib>
#include <string_view>

#include "notifiers/desk/paging_records.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto record = outrider::DecodePagingRecord(bytes); record.ok()) {
    const std::string written = outrider::EncodePagingRecord(*record);
    const auto again = outrider::DecodePagingRecord(written);
    if (!again.ok() || outrider::EncodePagingRecord(*again) != written) std::abort();
  }
  (void)outrider::IsPagingKey(bytes);
  (void)outrider::SplitPair(bytes);
  return 0;
}
