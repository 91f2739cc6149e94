// SPDX-License-Identifier: Apache-2.0
// OTLP exemplars. Pure.
#pragma once

#include <optional>

#include "exporter/ingest/otlp_translate.h"
#include "exporter/ingest/proto/otlp_metrics.pb.h"

namespace outrider {

// Labels are trace_id and span_id in hex, and the attributes as sent if all labels together have at
// most 128 characters. Nothing: it has no value.
std::optional<OtlpExemplar> TranslateExemplar(const wire::otlp::Exemplar& exemplar);

}  // namespace outrider
