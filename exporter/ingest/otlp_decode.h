// SPDX-License-Identifier: Apache-2.0
// OTLP on the wire: the request in and the answer out, in protobuf. Internal to the OTLP files
// (the generated classes are heavy to include); callers use otlp_translate.h.
#pragma once

#include <string>
#include <string_view>

#include "exporter/ingest/proto/otlp_metrics.pb.h"
#include "google/protobuf/arena.h"
#include "storage/base/status.h"

namespace outrider {

// The request, owned by the arena. InvalidArgument when the bytes are not such a message, or nest
// deeper than 100.
StatusOr<const wire::otlp::ExportRequest*> DecodeOtlp(std::string_view body,
                                                      google::protobuf::Arena* arena);

}  // namespace outrider
