// SPDX-License-Identifier: Apache-2.0
// A remote read request off the wire. Source: Prometheus' prompb/remote.proto.
#pragma once

#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/matcher.h"

namespace outrider {

enum class ReadResponseType { kSamples = 0, kStreamedChunks = 1 };

struct ReadQuery {
  Timestamp start = 0;  // closed, both ends
  Timestamp end = 0;
  std::vector<Matcher> matchers;
};

struct ReadRequest {
  std::vector<ReadQuery> queries;
  ReadResponseType response_type = ReadResponseType::kSamples;  // the first accepted one that is
};

// `body` is the protobuf, without the snappy. InvalidArgument says what is wrong. Hints are
// ignored.
StatusOr<ReadRequest> DecodeReadRequest(std::string_view body);

}  // namespace outrider
