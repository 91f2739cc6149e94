// SPDX-License-Identifier: Apache-2.0
// History from a server by whichever of its interfaces gives most: remote read, else the query API.
#pragma once

#include <memory>
#include <string>

#include "exporter/trial/query_history.h"
#include "exporter/trial/remote_history.h"

namespace outrider {

enum class SourceApi { kBest, kRemoteRead, kQuery };

class ServerHistory final : public HistorySource {
 public:
  // `note` hears what is missing with the interface that is used.
  ServerHistory(const SourceHttp& http, SourceApi api, QueryHistory::Note note)
      : api_(api), note_(std::move(note)), remote_(http), query_(http, note_) {}

  // The first one decides.
  StatusOr<std::unique_ptr<HistoryPiece>> Fetch(std::vector<HistoryQuery> queries) override;

 private:
  // Once, with the first answer.
  void TellOfQueries(const std::string& why);

  SourceApi api_;
  const QueryHistory::Note note_;
  RemoteHistory remote_;
  QueryHistory query_;
  bool told_of_queries_ = false;
};

}  // namespace outrider
