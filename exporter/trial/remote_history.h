// SPDX-License-Identifier: Apache-2.0
// History from a server by remote read: Prometheus, a running Outrider, or whatever else serves
// /api/v1/read. Raw samples with their stale markers, so what the rules see is what they saw there.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/read/read_request.h"
#include "exporter/trial/history_source.h"
#include "notifiers/transport/http_client.h"

namespace outrider {

struct RemoteHistoryOptions {
  std::string url;  // of the server; /api/v1/read is added
  DurationMs timeout = 5 * kMinute;
  size_t max_answer = size_t{1} << 30;  // bytes, of one piece
};

class RemoteHistory final : public HistorySource {
 public:
  // `http` outlives this. `stop` ends a running Fetch, which is Cancelled then.
  RemoteHistory(RemoteHistoryOptions options, HttpClient& http, std::stop_token stop);

  // Asks for a stream of chunks, which costs the server least; where there are native histograms,
  // and from servers that know no streams, for samples.
  StatusOr<std::unique_ptr<HistoryPiece>> Fetch(std::vector<HistoryQuery> queries) override;

 private:
  StatusOr<HttpClientResponse> Ask(std::span<const ReadQuery> queries, bool samples_only);

  const RemoteHistoryOptions options_;
  HttpClient& http_;
  const std::stop_token stop_;
};

}  // namespace outrider
