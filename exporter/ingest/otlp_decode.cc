// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/otlp_decode.h"

#include <climits>

#include "exporter/ingest/otlp_response.h"

namespace outrider {

using google::protobuf::Arena;

StatusOr<const wire::otlp::ExportRequest*> DecodeOtlp(std::string_view body, Arena* arena) {
  auto* request = Arena::CreateMessage<wire::otlp::ExportRequest>(arena);
  if (body.size() > INT_MAX ||
      !request->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return InvalidArgument("protobuf: the body is not an ExportMetricsServiceRequest");
  }
  return request;
}

std::string EncodeOtlpResponse(uint64_t rejected_points, const std::string& message) {
  wire::otlp::ExportResponse response;
  if (rejected_points > 0 || !message.empty()) {
    response.mutable_partial_success()->set_rejected_data_points(
        static_cast<int64_t>(rejected_points));
    response.mutable_partial_success()->set_error_message(message);
  }
  return response.SerializeAsString();
}

}  // namespace outrider
