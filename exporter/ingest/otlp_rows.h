// SPDX-License-Identifier: Apache-2.0
// The rows of an OTLP metrics request, translated to series.
#pragma once

#include <cstdint>

#include "exporter/ingest/otlp_translate.h"
#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"

namespace outrider {

// Not thread-safe.
class OtlpRows final : public WriteRows {
 public:
  // `body` is the protobuf. InvalidArgument when it is no such message.
  Status Parse(std::string_view body, const OtlpOptions& options, uint64_t seed);
  const OtlpBatch& batch() const { return batch_; }

  KeyKind kind() const override { return KeyKind::kIdentity; }
  Status Decode(uint32_t row, IncomingSeries* out) const override;
  Status DecodeHistograms(uint32_t row, const IncomingSeries& series,
                          std::vector<IncomingHistogram>* out) const override;

 private:
  OtlpBatch batch_;
};

}  // namespace outrider
