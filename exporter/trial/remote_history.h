// SPDX-License-Identifier: Apache-2.0
// History from a server by remote read: Prometheus, a running Outrider, or whatever else serves
// /api/v1/read. Raw samples with their stale markers, so what the rules see is what they saw there.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "exporter/read/read_request.h"
#include "exporter/trial/history_source.h"
#include "exporter/trial/source_http.h"

namespace outrider {

class RemoteHistory final : public HistorySource {
 public:
  explicit RemoteHistory(SourceHttp http) : http_(std::move(http)) {}

  // Unimplemented: the server has no remote read.
  // Asks for a stream of chunks, which costs the server least; where there are native histograms,
  // and from servers that know no streams, for samples.
  StatusOr<std::unique_ptr<HistoryPiece>> Fetch(std::vector<HistoryQuery> queries) override;

 private:
  StatusOr<HttpClientResponse> Ask(std::span<const ReadQuery> queries, bool samples_only);

  SourceHttp http_;
};

}  // namespace outrider
