// SPDX-License-Identifier: Apache-2.0
// Rows of the history and of the outbox: no bytes may crash, and what decodes must survive a round
// trip.
#include <cstdlib>

#include "notifiers/desk/history.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) {
    const auto flush = DecodeFlushRecord(bytes);
    if (flush.ok() && DecodeFlushRecord(EncodeFlushRecord(*flush)).value() != *flush) std::abort();
  } else if (data[0] % 3 == 1) {
    const auto attempt = DecodeAttemptRecord(bytes);
    if (attempt.ok() && DecodeAttemptRecord(EncodeAttemptRecord(*attempt)).value() != *attempt) {
      std::abort();
    }
  } else {
    const auto row = DecodeOutboxRow(bytes);
    if (!row.ok()) return 0;
    const std::string again = EncodeOutboxRow(*row);
    if (EncodeOutboxRow(DecodeOutboxRow(again).value()) != again) std::abort();
  }
  return 0;
}
