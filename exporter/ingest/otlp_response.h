// SPDX-License-Identifier: Apache-2.0
// The answer to an OTLP metrics request, in protobuf (ExportMetricsServiceResponse).
#pragma once

#include <cstdint>
#include <string>

namespace outrider {

// Nothing rejected and no message: the empty string, which means success.
std::string EncodeOtlpResponse(uint64_t rejected_points, const std::string& message);

}  // namespace outrider
