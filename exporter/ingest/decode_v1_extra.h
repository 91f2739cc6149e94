// SPDX-License-Identifier: Apache-2.0
// What a remote write 1.0 body holds beside samples and histograms: exemplars and metadata. Source:
// specs/prometheus.md §1.1. Both overwrite `out`, whose views go into `message`; InvalidArgument
// ("protobuf: …") when the bytes are not such a message.
#pragma once

#include <string_view>

#include "exporter/ingest/incoming.h"
#include "storage/base/status.h"

namespace outrider {

// Of more than kMaxExemplarLabels (decode_v2.h) labels the rest is not kept: such an exemplar is
// over the 128 runes in any case.
Status DecodeExemplarV1(std::string_view message, IncomingExemplar* out);

// A MetricMetadata; an unknown type counts as kUnknown.
Status DecodeMetadataV1(std::string_view message, std::string_view* family, IncomingMetadata* out);

}  // namespace outrider
