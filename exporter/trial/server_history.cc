// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/server_history.h"

#include <utility>

namespace outrider {

StatusOr<std::unique_ptr<HistoryPiece>> ServerHistory::Fetch(std::vector<HistoryQuery> queries) {
  if (api_ == SourceApi::kQuery) {
    auto piece = query_.Fetch(std::move(queries));
    if (piece.ok()) TellOfQueries("");
    return piece;
  }
  auto piece = remote_.Fetch(queries);
  if (api_ == SourceApi::kBest && absl::IsUnimplemented(piece.status())) {
    auto by_query = query_.Fetch(std::move(queries));
    if (absl::IsUnimplemented(by_query.status())) {
      return Annotate(by_query.status(),
                      "the server knows neither remote read nor Prometheus' query API there; does "
                      "its URL lack a path, such as /prometheus?");
    }
    if (by_query.ok()) {
      api_ = SourceApi::kQuery;
      TellOfQueries("no remote read there; ");
    }
    return by_query;
  }
  if (piece.ok()) api_ = SourceApi::kRemoteRead;
  return piece;
}

void ServerHistory::TellOfQueries(const std::string& why) {
  if (std::exchange(told_of_queries_, true)) return;
  note_(why +
        "raw samples come by the query API, which hides stale markers: a series ends 5 minutes "
        "after its last sample");
}

}  // namespace outrider
